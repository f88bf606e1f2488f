// Lends AWS's own JavaScript client of a service to whoever started `javascript_client.mjs SERVICE`: each line of its
// input is a question in JSON, each line of its output {answer} or {error, modelled, message}.

import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";

const service = process.argv[2];
const packaged = service === "codeconnections" ? "codestar-connections" : service;
const sdk = await import(`@aws-sdk/client-${packaged}`);
const { version } = JSON.parse(await readFile(`node_modules/@aws-sdk/client-${packaged}/package.json`));
// Every package exports its client under two names: its own, and __Client, which lacks the operations.
const Client = sdk[Object.keys(sdk).find((name) => name.endsWith("Client") && !name.startsWith("__"))];
// Without this option TwinMaker's client would put "api." in front of the address.
const options = { disableHostPrefix: true };
let client = new Client(options);
if (service === "codeconnections") {
    const protocolSettings = { ...client.config.protocolSettings, serviceTarget: "CodeConnections_20231201" };
    client = new Client({ ...options, signingName: service, protocolSettings });
}

let contentType;
client.middlewareStack.add(
    (next) => async (sent) => {
        const received = await next(sent);
        contentType = received.response.headers["content-type"];
        return received;
    },
    { step: "deserialize" },
);

const about = {
    version,
    operations: Object.keys(sdk).flatMap((name) => (/^[A-Z]\w*Command$/.test(name) ? [name.slice(0, -7)] : [])),
};

async function answer(question) {
    if (question.about) return about[question.about];
    if (question.pages) {
        const pages = [];
        for await (const page of sdk[`paginate${question.pages}`]({ client, pageSize: 1 }, question.params)) {
            pages.push(page);
        }
        return pages;
    }
    const { $metadata, ...document } = await client.send(new sdk[`${question.operation}Command`](question.params));
    return [document, contentType];
}

// JSON has no dates, and JSON.stringify makes texts of them before it asks.
function write(name, value) {
    return this[name] instanceof Date ? { $date: this[name].getTime() } : value;
}

for await (const line of createInterface({ input: process.stdin })) {
    const reply = await answer(JSON.parse(line)).then(
        (answer) => ({ answer }),
        // The package exports a class for each error in AWS's model.
        (error) => ({ error: error.name, modelled: error.constructor === sdk[error.name], message: error.message }),
    );
    console.log(JSON.stringify(reply, write));
}
