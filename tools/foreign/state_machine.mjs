// Executes a state machine of Step Functions for state_machine.py. The first line of its input is the definition, and
// each that follows is the input of an execution, as JSON. It writes lines of JSON: {call} for a task with its input,
// which the next line of input answers with {result} or {error, message}; {pause}, in seconds, instead of pausing; and
// at the end {output} or {error, cause}.

import { createInterface } from "node:readline";

// The interpreter is for Node 22, and this is all of it that Node 20 lacks.
Promise.withResolvers ??= () => {
    const resolvers = {};
    resolvers.promise = new Promise((resolve, reject) => Object.assign(resolvers, { resolve, reject }));
    return resolvers;
};
const { StateMachine } = await import("aws-local-stepfunctions");

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const send = (message) => console.log(JSON.stringify(message));

async function receive() {
    const { value, done } = await lines.next();
    return done ? undefined : JSON.parse(value);
}

// While a task runs, a timer is its timeout; every other timer is a pause.
let isCalling = false;
const { setTimeout } = globalThis;
globalThis.setTimeout = (callback, milliseconds) => {
    if (isCalling) return setTimeout(callback, milliseconds);
    send({ pause: milliseconds / 1000 });
    return setImmediate(callback);
};

async function call(input) {
    isCalling = true;
    send({ call: input });
    const { result, error, message } = await receive();
    isCalling = false;
    if (error) throw Object.assign(new Error(message), { name: error });
    return result;
}

const definition = await receive();
const tasks = Object.entries(definition.States).filter(([, state]) => state.Type === "Task");
const taskResourceLocalHandlers = Object.fromEntries(tasks.map(([name]) => [name, call]));
const machine = new StateMachine(definition); // throws what asl-validator finds

for (let input = await receive(); input !== undefined; input = await receive()) {
    const execution = machine.run(input, { overrides: { taskResourceLocalHandlers } });
    try {
        send({ output: await execution.result });
    } catch {
        for await (const { type, Error: error, Cause: cause } of execution.eventLogs) {
            if (type === "ExecutionFailed") send({ error, cause });
        }
    }
}
