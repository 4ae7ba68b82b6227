require("http").createServer((_, answer) => answer.end("Hello from Node\n")).listen(3000);
// As the first process of its container, a program that says nothing of this signal does not end by it.
process.on("SIGTERM", () => process.exit(0));
