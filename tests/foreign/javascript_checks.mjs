// AWS's own JavaScript clients: `javascript_checks.mjs WORKSPACE`. Environment variables lead them to the emulator.

import { setTimeout } from "node:timers/promises";
import { inspect, isDeepStrictEqual } from "node:util";

import * as codestar from "@aws-sdk/client-codestar-connections";
import * as iottwinmaker from "@aws-sdk/client-iottwinmaker";
import * as proton from "@aws-sdk/client-proton";

const workspaceId = process.argv[2];
const syncRole = "arn:aws:iam::123456789012:role/sync";
const live = "4f2c9e1d6b7a80934cde51f2a6b7c8d9e0f1a2b3";
const broken = "b10c6e55a1f04d7c9e8b2a3d4c5f60718293a4b5";
const web = "90aa21b7c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9";
// Without this option TwinMaker's client would put "api." in front of the address.
const noPrefix = { disableHostPrefix: true };

function check(what, expected, found) {
    const shown = (value) => inspect(value, { breakLength: Infinity, compact: true }).replaceAll("\n", " ");
    const passed = isDeepStrictEqual(found, expected);
    const end = passed ? "" : `: expected ${shown(expected)}, found ${shown(found)}`;
    console.log(`${passed ? "ok    " : "FAILED"}  JavaScript: ${what}${end}`);
}

// `modelled` is the class in which the client's package exports the error.
async function checkRefusal(what, modelled, answer) {
    const found = await answer.catch((error) => error);
    check(`${what}: ${modelled.name}`, [true, modelled.name], [found instanceof modelled, found.name]);
}

async function checkWrongSecret(what, answer) {
    const found = await answer.catch((error) => error);
    check(`${what} with a wrong secret`, "InvalidSignatureException", found.name);
}

// Whether it is one of these days: the emulator's time flies.
function isDate(value) {
    return value instanceof Date && Math.abs(value - Date.now()) < 30 * 24 * 3600 * 1000;
}

async function checkTwinMaker() {
    const { CreateSyncJobCommand, GetSyncJobCommand, IoTTwinMakerClient } = iottwinmaker;
    const client = new IoTTwinMakerClient(noPrefix);
    const mine = { workspaceId, syncSource: "SITEWISE" };
    const created = await client.send(new CreateSyncJobCommand({ ...mine, syncRole }));
    check("CreateSyncJob", ["CREATING", true], [created.state, isDate(created.creationDateTime)]);
    await setTimeout(100); // a minute to the emulator
    const job = await client.send(new GetSyncJobCommand(mine));
    check(
        "GetSyncJob",
        [created.arn, syncRole, { state: "ACTIVE" }, true],
        [job.arn, job.syncRole, job.status, isDate(job.updateDateTime)],
    );
    await checkRefusal(
        "CreateSyncJob of what exists",
        iottwinmaker.ConflictException,
        client.send(new CreateSyncJobCommand({ ...mine, syncRole })),
    );
    await checkRefusal(
        "CreateSyncJob with a malformed role",
        iottwinmaker.ValidationException,
        client.send(new CreateSyncJobCommand({ ...mine, syncRole: "nobody in particular" })),
    );
    await checkRefusal(
        "GetSyncJob of nothing",
        iottwinmaker.ResourceNotFoundException,
        client.send(new GetSyncJobCommand({ ...mine, syncSource: "NOTHING" })),
    );
    const guess = new IoTTwinMakerClient({ ...noPrefix, credentials: wrongSecret() });
    await checkWrongSecret("CreateSyncJob", guess.send(new CreateSyncJobCommand({ ...mine, syncRole })));
    await checkWrongSecret("GetSyncJob", guess.send(new GetSyncJobCommand(mine)));
}

async function checkProton() {
    const { GetServiceInstanceSyncStatusCommand, ProtonClient } = proton;
    const client = new ProtonClient();
    const ask = (serviceInstanceName, by = client) =>
        by.send(new GetServiceInstanceSyncStatusCommand({ serviceName: "web", serviceInstanceName }));
    const { desiredState, latestSync } = await ask("prod");
    check(
        "GetServiceInstanceSyncStatus",
        [web, "acme/web", "SUCCEEDED", true],
        [desiredState.sha, desiredState.repositoryName, latestSync.status, isDate(latestSync.startedAt)],
    );
    await checkRefusal(
        "GetServiceInstanceSyncStatus of nothing",
        proton.ResourceNotFoundException,
        ask("nothing"),
    );
    await checkRefusal(
        "GetServiceInstanceSyncStatus with a malformed name",
        proton.ValidationException,
        ask("not a name"),
    );
    await checkWrongSecret(
        "GetServiceInstanceSyncStatus",
        ask("prod", new ProtonClient({ credentials: wrongSecret() })),
    );
}

async function checkConnections(service, options) {
    const { CodeStarConnectionsClient, GetResourceSyncStatusCommand } = codestar;
    const client = new CodeStarConnectionsClient(options);
    const ask = (ResourceName, by = client) =>
        by.send(new GetResourceSyncStatusCommand({ ResourceName, SyncType: "CFN_STACK_SYNC" }));
    const { LatestSync, LatestSuccessfulSync } = await ask("payments-prod");
    check(
        `${service} GetResourceSyncStatus`,
        ["FAILED", broken, "SUCCEEDED", live],
        [
            LatestSync.Status,
            LatestSync.TargetRevision.Sha,
            LatestSuccessfulSync.Status,
            LatestSuccessfulSync.TargetRevision.Sha,
        ],
    );
    const event = LatestSync.Events.at(-1);
    check(
        `${service} GetResourceSyncStatus, its last event`,
        ["Template error: no such parameter", true],
        [event.Event, isDate(event.Time)],
    );
    await checkRefusal(
        `${service} GetResourceSyncStatus of nothing`,
        codestar.ResourceNotFoundException,
        ask("nothing"),
    );
    await checkRefusal(
        `${service} GetResourceSyncStatus with a malformed name`,
        codestar.InvalidInputException,
        ask("?"),
    );
    await checkWrongSecret(
        `${service} GetResourceSyncStatus`,
        ask("payments-prod", new CodeStarConnectionsClient({ ...options, credentials: wrongSecret() })),
    );
}

function wrongSecret() {
    return { accessKeyId: process.env.AWS_ACCESS_KEY_ID, secretAccessKey: "a guess" };
}

await checkTwinMaker();
await checkProton();
await checkConnections("codestar-connections", {});
// JavaScript has no client of CodeConnections. The older service's one gets there by its options: it is the same API.
await checkConnections("codeconnections", {
    signingName: "codeconnections",
    protocolSettings: { serviceTarget: "CodeConnections_20231201" },
});
