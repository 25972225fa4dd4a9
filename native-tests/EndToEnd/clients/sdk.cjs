// The AWS SDK for JavaScript, as it is, against a node. Arguments: endpoint, zip of a python function app.handler that answers its event.
const fs = require("fs")
const assert = require("assert")
const sdk = require("@aws-sdk/client-lambda")

const [endpoint, path] = process.argv.slice(2)
const client = new sdk.LambdaClient({ endpoint, region: "us-east-1", credentials: { accessKeyId: "x", secretAccessKey: "y" }, maxAttempts: 1 })
const send = (name, input) => client.send(new sdk[`${name}Command`](input))
const text = bytes => Buffer.from(bytes).toString()
const zip = fs.readFileSync(path)
const fails = async (name, input, type) => {
  const error = await send(name, input).then(() => assert.fail(`${name} succeeded`), e => e)
  assert(error instanceof sdk[type], `${name}: ${error.name}: ${error.message}`)
  return error
}

async function main() {
  const made = await send("CreateFunction", {
    FunctionName: "sdk", Runtime: "python3.12", Role: "arn:aws:iam::000000000000:role/r", Handler: "app.handler", Code: { ZipFile: zip }, Timeout: 20, Tags: { team: "a" },
    Environment: { Variables: { NAME: "1" } },
  })
  assert.strictEqual(made.State, "Pending")
  assert.strictEqual(made.$metadata.httpStatusCode, 201)
  await sdk.waitUntilFunctionActiveV2({ client, maxWaitTime: 60, minDelay: 1, maxDelay: 1 }, { FunctionName: "sdk" })
  await fails("CreateFunction", { FunctionName: "sdk", Runtime: "python3.12", Role: "arn:aws:iam::000000000000:role/r", Handler: "app.handler", Code: { ZipFile: zip } }, "ResourceConflictException")

  const answer = await send("Invoke", { FunctionName: "sdk", Payload: JSON.stringify({ é: 1 }), LogType: "Tail", ClientContext: Buffer.from("{}").toString("base64") })
  assert.deepStrictEqual(JSON.parse(text(answer.Payload)), { é: 1 })
  assert.match(text(Buffer.from(answer.LogResult, "base64")), /REPORT RequestId/)
  assert.strictEqual(answer.ExecutedVersion, "$LATEST")
  assert.strictEqual((await send("Invoke", { FunctionName: "sdk", InvocationType: "Event", Payload: "1" })).StatusCode, 202)
  assert.strictEqual((await send("Invoke", { FunctionName: "sdk", InvocationType: "DryRun" })).StatusCode, 204)
  const raised = await send("Invoke", { FunctionName: "sdk", Payload: JSON.stringify({ fail: "boom" }) })
  assert.strictEqual(raised.FunctionError, "Unhandled")
  assert.strictEqual(JSON.parse(text(raised.Payload)).errorMessage, "boom")
  await fails("Invoke", { FunctionName: "nobody" }, "ResourceNotFoundException")
  await fails("Invoke", { FunctionName: "sdk", Payload: "{" }, "InvalidRequestContentException")

  await send("UpdateFunctionConfiguration", { FunctionName: "sdk", MemorySize: 256 })
  await sdk.waitUntilFunctionUpdatedV2({ client, maxWaitTime: 60, minDelay: 1, maxDelay: 1 }, { FunctionName: "sdk" })
  const version = await send("PublishVersion", { FunctionName: "sdk", Description: "one" })
  assert.strictEqual(version.Version, "1")
  await send("CreateAlias", { FunctionName: "sdk", Name: "live", FunctionVersion: "1" })
  assert.strictEqual((await send("Invoke", { FunctionName: "sdk", Qualifier: "live", Payload: "2" })).ExecutedVersion, "1")
  await fails("CreateAlias", { FunctionName: "sdk", Name: "1", FunctionVersion: "1" }, "LambdaServiceException")
  await fails("UpdateAlias", { FunctionName: "sdk", Name: "live", RevisionId: "0", FunctionVersion: "1" }, "PreconditionFailedException")

  await send("PutFunctionConcurrency", { FunctionName: "sdk", ReservedConcurrentExecutions: 0 })
  let throttled
  for (let i = 0; i < 50 && !throttled; i++) {
    throttled = await send("Invoke", { FunctionName: "sdk", Payload: "1" }).then(() => new Promise(done => setTimeout(done, 100)), e => e)
  }
  assert(throttled instanceof sdk.TooManyRequestsException, String(throttled))
  assert.strictEqual(throttled.Reason, "ReservedFunctionConcurrentInvocationLimitExceeded")
  await send("DeleteFunctionConcurrency", { FunctionName: "sdk" })

  for (let i = 0; i < 5; i++) {
    await send("CreateFunction", { FunctionName: `page-${i}`, Runtime: "python3.12", Role: "arn:aws:iam::000000000000:role/r", Handler: "app.handler", Code: { ZipFile: zip } })
  }
  const names = []
  for await (const page of sdk.paginateListFunctions({ client, pageSize: 2 }, {})) names.push(...page.Functions.map(f => f.FunctionName))
  assert.deepStrictEqual(names.sort(), ["page-0", "page-1", "page-2", "page-3", "page-4", "sdk"])
  assert.deepStrictEqual((await send("ListTags", { Resource: made.FunctionArn })).Tags, { team: "a" })

  const streamed = await send("InvokeWithResponseStream", { FunctionName: "sdk", Qualifier: "live", Payload: JSON.stringify({ streamed: true }) })
  let body = ""
  let complete
  for await (const event of streamed.EventStream) {
    if (event.PayloadChunk) body += text(event.PayloadChunk.Payload)
    if (event.InvokeComplete) complete = event.InvokeComplete
  }
  assert.deepStrictEqual([JSON.parse(body), complete && complete.ErrorCode], [{ streamed: true }, undefined])

  for (const name of names) await send("DeleteFunction", { FunctionName: name })
  await fails("GetFunction", { FunctionName: "sdk" }, "ResourceNotFoundException")
  console.log("sdk: ok")
}

main().catch(e => {
  console.error(e)
  process.exit(1)
})
