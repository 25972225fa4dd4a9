/* A Lambda runtime in one static file: the event comes back as the answer. One connection, kept alive. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

static char buffer[1 << 16];

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

/* Reads one answer; returns where its body begins and how long it is. */
static char *answer(int server, size_t *length)
{
    size_t have = 0;
    char *body = NULL;
    *length = 0;
    while (body == NULL || have < (size_t)(body - buffer) + *length) {
        ssize_t count = read(server, buffer + have, sizeof buffer - 1 - have);
        if (count <= 0)
            fail("read");
        have += (size_t)count;
        buffer[have] = 0;
        if (body == NULL && (body = strstr(buffer, "\r\n\r\n")) != NULL) {
            char *field = strcasestr(buffer, "\r\nContent-Length:");
            body += 4;
            *length = field == NULL ? 0 : strtoul(field + 17, NULL, 10);
        }
    }
    return body;
}

int main(void)
{
    char *api = getenv("AWS_LAMBDA_RUNTIME_API");
    char *colon = api == NULL ? NULL : strchr(api, ':');
    struct sockaddr_in address = { .sin_family = AF_INET };
    int server = socket(AF_INET, SOCK_STREAM, 0);
    static char request[1 << 16];
    if (colon == NULL || server < 0)
        fail("AWS_LAMBDA_RUNTIME_API");
    address.sin_port = htons((unsigned short)atoi(colon + 1));
    *colon = 0;
    inet_pton(AF_INET, api, &address.sin_addr);
    if (connect(server, (struct sockaddr *)&address, sizeof address) != 0)
        fail("connect");
    for (;;) {
        static const char next[] = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n";
        size_t length;
        char *body, *id, *end;
        int size;
        if (write(server, next, sizeof next - 1) < 0)
            fail("write");
        body = answer(server, &length);
        id = strcasestr(buffer, "\r\nLambda-Runtime-Aws-Request-Id: ");
        if (id == NULL)
            fail("no request id");
        id += 33;
        end = strchr(id, '\r');
        size = snprintf(request, sizeof request, "POST /2018-06-01/runtime/invocation/%.*s/response HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n%.*s",
            (int)(end - id), id, length, (int)length, body);
        if (write(server, request, (size_t)size) < 0)
            fail("write");
        answer(server, &length);
    }
}
