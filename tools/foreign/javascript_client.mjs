// `javascript_client.mjs SERVICE` runs AWS's JavaScript client of a service for javascript_client.py. Each line of its
// input is a request as JSON: {get}, {call, params} or {paginate, params}. It writes a line of JSON for each: {result}
// or {error, modeled, message}.

import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";

const service = process.argv[2];
const packaged = service === "codeconnections" ? "codestar-connections" : service;
const sdk = await import(`@aws-sdk/client-${packaged}`);
const { version } = JSON.parse(await readFile(`node_modules/@aws-sdk/client-${packaged}/package.json`));
// Every package also exports a class __Client, which has no operations.
const Client = sdk[Object.keys(sdk).find((name) => name.endsWith("Client") && !name.startsWith("__"))];
// Without this option, TwinMaker's client would prefix the host name with "api.".
const options = { disableHostPrefix: true };
let client = new Client(options);
if (service === "codeconnections") {
    const protocolSettings = { ...client.config.protocolSettings, serviceTarget: "CodeConnections_20231201" };
    client = new Client({ ...options, signingName: service, protocolSettings });
}

let contentType;
client.middlewareStack.add(
    (next) => async (request) => {
        const result = await next(request);
        contentType = result.response.headers["content-type"];
        return result;
    },
    { step: "deserialize" },
);

const properties = {
    version,
    operations: Object.keys(sdk).flatMap((name) => (/^[A-Z]\w*Command$/.test(name) ? [name.slice(0, -7)] : [])),
};

async function handle(request) {
    if (request.get) return properties[request.get];
    if (request.paginate) {
        const pages = [];
        for await (const page of sdk[`paginate${request.paginate}`]({ client, pageSize: 1 }, request.params)) {
            pages.push(page);
        }
        return pages;
    }
    const { $metadata, ...document } = await client.send(new sdk[`${request.call}Command`](request.params));
    return [document, contentType];
}

// JSON.stringify turns a date into a string before it calls this, so the date is read from `this`.
function encode(name, value) {
    return this[name] instanceof Date ? { $date: this[name].getTime() } : value;
}

for await (const line of createInterface({ input: process.stdin })) {
    const response = await handle(JSON.parse(line)).then(
        (result) => ({ result }),
        // The package exports a class for each error in AWS's model.
        (error) => ({ error: error.name, modeled: error.constructor === sdk[error.name], message: error.message }),
    );
    console.log(JSON.stringify(response, encode));
}
