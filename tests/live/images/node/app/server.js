require("http").createServer((_, answer) => answer.end("Hello from Node\n")).listen(3000);
