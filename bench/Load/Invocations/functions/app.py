def handle(event, context):
    return {"Hello": event["Name"]}
