/* load.py and upstream.py once more, in C: what measures a proxy must cost next to nothing beside it.

       lean upstream --port N [--ready-after SECONDS] [--cpu N]
       lean load --port N --connections N [--seconds S | --events N [--pause S]] [--cpu N]

   Same bytes on the wire, same checks, same figures as the Python scripts, which say what is meant.  Every answer's
   status and length are checked; the framing of a stream is read byte by byte, and with a pause so is the number of
   each event.  One thread, one epoll, no allocation per request.  Linux. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER = 1 << 16, READY = 512 };

static int poller;
static struct epoll_event ready[READY];

static double now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void fail(const char *why) {
    fprintf(stderr, "lean: %s (%s)\n", why, strerror(errno));
    exit(1);
}

static void *get(size_t size) {
    void *memory = calloc(1, size);
    if (!memory) fail("no memory");
    return memory;
}

static double option(int count, char **words, const char *name, double otherwise) {
    for (int i = 2; i + 1 < count; i++)
        if (!strcmp(words[i], name)) return atof(words[i + 1]);
    return otherwise;
}

static void watch(int fd, void *whose, uint32_t events, int how) {
    struct epoll_event event = {.events = events, .data.ptr = whose};
    if (epoll_ctl(poller, how, fd, &event)) fail("epoll_ctl");
}

static struct sockaddr_in local(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static void make_prompt(int fd) {
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(fd, F_SETFL, O_NONBLOCK);
}

static long length_in(const char *head, const char *end) {
    static const char name[] = "content-length:";
    for (const char *at = head; at + sizeof name <= end; at++)
        if (!strncasecmp(at, name, sizeof name - 1)) return strtol(at + sizeof name - 1, NULL, 10);
    return -1;
}

/* -- upstream */

struct stream {
    int fd;
    int have;
    char request[BUFFER];
    char *unsent;
    size_t unsent_size;
    long left, number;
    double pause, due;
    struct stream *next;
};

static char plain[1024], event_format[256];
static int plain_size;
static struct stream *first_due, *last_due;
static double ready_at;

static void write_texts(void) {
    char words[256] = "", body[768], tokens[128] = "";
    for (int i = 0; i < 40; i++) strcat(words, "word ");
    memset(tokens, 'w', 100);
    int size = snprintf(body, sizeof body,
        "{\"id\":\"x\",\"object\":\"chat.completion\",\"model\":\"bench\",\"choices\":[{\"index\":0,\"message\":"
        "{\"role\":\"assistant\",\"content\":\"%s\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":12,"
        "\"completion_tokens\":7,\"total_tokens\":19}}", words);
    plain_size = snprintf(plain, sizeof plain,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", size, body);
    snprintf(event_format, sizeof event_format,
        "data: {\"id\":\"%%ld\",\"sent\":%%.6f,\"choices\":[{\"index\":0,\"delta\":{\"content\":\"%s\"},"
        "\"finish_reason\":null}]}\n\n", tokens);
}

static void put(struct stream *its, const char *data, size_t size) {
    if (!its->unsent_size) {
        ssize_t sent = send(its->fd, data, size, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) return; /* whoever left is noticed by the next read */
        if (sent < 0) sent = 0;
        if ((size_t)sent == size) return;
        data += sent;
        size -= (size_t)sent;
        watch(its->fd, its, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
    }
    its->unsent = realloc(its->unsent, its->unsent_size + size);
    memcpy(its->unsent + its->unsent_size, data, size);
    its->unsent_size += size;
}

static void put_rest(struct stream *its) {
    ssize_t sent = send(its->fd, its->unsent, its->unsent_size, MSG_NOSIGNAL);
    if (sent <= 0) return;
    its->unsent_size -= (size_t)sent;
    memmove(its->unsent, its->unsent + sent, its->unsent_size);
    if (!its->unsent_size) watch(its->fd, its, EPOLLIN, EPOLL_CTL_MOD);
}

static void put_chunk(struct stream *its, const char *data, int size, const char *behind) {
    char chunk[512];
    int all = snprintf(chunk, sizeof chunk, "%x\r\n%.*s\r\n%s", size, size, data, behind);
    put(its, chunk, (size_t)all);
}

/* Every stream is lined up when it is sent, with the same pause as all others: so the queue is in order. */
static void line_up(struct stream *its) {
    its->next = NULL;
    if (first_due) last_due->next = its;
    else first_due = its;
    last_due = its;
}

static void send_next(struct stream *its) {
    if (its->unsent_size) {
        line_up(its); /* the reader is slow */
    } else if (its->left) {
        char event[384];
        int size = snprintf(event, sizeof event, event_format, its->number++, now_s());
        its->left--;
        its->due += its->pause;
        put_chunk(its, event, size, "");
        line_up(its);
    } else {
        put_chunk(its, "data: [DONE]\n\n", 14, "0\r\n\r\n");
        its->due = 0;
    }
}

static void send_due(double now) {
    struct stream *last = last_due;
    while (first_due && first_due->due <= now) {
        struct stream *its = first_due;
        bool is_last = its == last;
        first_due = its->next;
        if (its->fd >= 0) {
            send_next(its);
        } else {
            free(its->unsent);
            free(its);
        }
        if (is_last) break;
    }
}

static void answer(struct stream *its, const char *head, const char *body, const char *end) {
    static const char healthy[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK";
    static const char wait[] = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
    static const char streaming[] =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    if (!strncasecmp(head, "get /health", 11)) {
        if (now_s() >= ready_at) put(its, healthy, sizeof healthy - 1);
        else put(its, wait, sizeof wait - 1);
        return;
    }
    size_t size = (size_t)(end - body);
    if (!memmem(body, size, "\"stream\":true", 13)) {
        put(its, plain, (size_t)plain_size);
        return;
    }
    const char *count = memmem(body, size, "\"max_tokens\":", 13), *pause = memmem(body, size, "\"pause\":", 8);
    its->left = count ? strtol(count + 13, NULL, 10) : 0;
    its->pause = pause ? strtod(pause + 8, NULL) : 0;
    its->number = 0;
    its->due = now_s();
    put(its, streaming, sizeof streaming - 1);
    send_next(its);
}

static void read_requests(struct stream *its) {
    ssize_t got = recv(its->fd, its->request + its->have, (size_t)(BUFFER - 1 - its->have), 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
        close(its->fd);
        its->fd = -1;
        if (!its->due) {
            free(its->unsent);
            free(its);
        }
        return;
    }
    its->have += (int)got;
    its->request[its->have] = 0;
    for (;;) {
        char *end = memmem(its->request, (size_t)its->have, "\r\n\r\n", 4);
        if (!end) return;
        long length = length_in(its->request, end + 2);
        char *body = end + 4, *next = body + (length < 0 ? 0 : length);
        if (next > its->request + its->have) return;
        answer(its, its->request, body, next);
        its->have -= (int)(next - its->request);
        memmove(its->request, next, (size_t)its->have);
    }
}

static void serve(int port) {
    int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    struct sockaddr_in address = local(port);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096)) fail("listen");
    watch(listener, NULL, EPOLLIN, EPOLL_CTL_ADD);
    write_texts();
    for (;;) {
        double rest = first_due ? first_due->due - now_s() : 1.0;
        int count = epoll_wait(poller, ready, READY, rest <= 0 ? 0 : (int)(rest * 1000) + 1);
        for (int i = 0; i < count; i++) {
            struct stream *its = ready[i].data.ptr;
            if (!its) {
                its = get(sizeof *its);
                its->fd = accept(listener, NULL, NULL);
                if (its->fd < 0) fail("accept");
                make_prompt(its->fd);
                watch(its->fd, its, EPOLLIN, EPOLL_CTL_ADD);
                continue;
            }
            if (ready[i].events & EPOLLOUT) put_rest(its);
            if (ready[i].events & ~(uint32_t)EPOLLOUT) read_requests(its);
        }
        send_due(now_s());
    }
}

/* -- load */

enum place { HEAD, SIZE, DATA, DATA_END, LAST, OVER };

struct client {
    int fd, have;
    char answer[2 * BUFFER];
    long whole; /* bytes of the answer, once its head is known */
    double began;
    enum place place;
    long chunk, events;
    int seen; /* bytes of the event that is arriving */
    char event[1024];
    bool is_out_of_order, is_done;
};

static char request[2048];
static int request_size;
static double *delays;
static long delay_count, delay_room;

static void write_request(long events, double pause) {
    char prompt[1024] = "", more[128] = "", body[1536];
    for (int i = 0; i < 28; i++) strcat(prompt, "tell me something ");
    if (events) snprintf(more, sizeof more, ",\"stream\":true,\"max_tokens\":%ld,\"pause\":%g", events, pause);
    int size = snprintf(body, sizeof body,
        "{\"model\":\"bench\",\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]%s}", prompt, more);
    request_size = snprintf(request, sizeof request,
        "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\nUser-Agent: bench/1\r\n"
        "Authorization: Bearer none\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", size, body);
}

static void note(double delay) {
    if (delay_count == delay_room) {
        delay_room = delay_room ? 2 * delay_room : 1 << 16;
        delays = realloc(delays, (size_t)delay_room * sizeof *delays);
        if (!delays) fail("no memory");
    }
    delays[delay_count++] = delay;
}

static int compare(const void *a, const void *b) {
    double difference = *(const double *)a - *(const double *)b;
    return (difference > 0) - (difference < 0);
}

static double of_delays(double share) {
    long index = (long)((double)delay_count * share);
    return delay_count ? delays[index < delay_count ? index : delay_count - 1] : 0;
}

static void sort_delays(void) { qsort(delays, (size_t)delay_count, sizeof *delays, compare); }

static void ask(struct client *its) {
    its->began = now_s();
    if (send(its->fd, request, (size_t)request_size, MSG_NOSIGNAL) != request_size) fail("cannot send a request");
}

static struct client *connect_to(int port) {
    struct client *its = get(sizeof *its);
    struct sockaddr_in address = local(port);
    its->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(its->fd, (struct sockaddr *)&address, sizeof address)) fail("cannot connect");
    make_prompt(its->fd);
    watch(its->fd, its, EPOLLIN, EPOLL_CTL_ADD);
    return its;
}

static int receive(struct client *its) {
    ssize_t got = recv(its->fd, its->answer + its->have, sizeof its->answer - (size_t)its->have, 0);
    if (got < 0 && errno == EAGAIN) return 0;
    if (got <= 0) fail("the server closed the connection");
    its->have += (int)got;
    return (int)got;
}

static char *end_of_head(struct client *its) {
    char *end = memmem(its->answer, (size_t)its->have, "\r\n\r\n", 4);
    if (end && strncmp(its->answer, "HTTP/1.1 200 ", 13)) {
        fwrite(its->answer, 1, (size_t)its->have, stderr);
        fail("not a good answer");
    }
    return end;
}

static bool is_answered(struct client *its) {
    if (!its->whole) {
        char *end = end_of_head(its);
        if (!end) return false;
        long length = length_in(its->answer, end + 2);
        if (length < 0 || length > BUFFER / 2) fail("an answer without a plain length");
        its->whole = end + 4 - its->answer + length;
    }
    if (its->have > its->whole) fail("more than the answer");
    if (its->have < its->whole) return false;
    its->have = 0;
    its->whole = 0;
    return true;
}

static void ask_for(int port, int connections, double seconds) {
    double began = now_s(), until = began + seconds;
    int open = connections;
    for (int i = 0; i < connections; i++) ask(connect_to(port));
    while (open) {
        int count = epoll_wait(poller, ready, READY, 10000);
        if (!count) fail("no answer for ten seconds");
        for (int i = 0; i < count; i++) {
            struct client *its = ready[i].data.ptr;
            if (!receive(its) || !is_answered(its)) continue;
            double now = now_s();
            note(now - its->began);
            if (now < until) {
                ask(its);
            } else {
                close(its->fd);
                open--;
            }
        }
    }
    double took = now_s() - began;
    sort_delays();
    printf("{\"requests_per_s\": %f, \"median_us\": %f, \"p99_us\": %f}\n", (double)delay_count / took,
        of_delays(0.5) * 1e6, of_delays(0.99) * 1e6);
}

static void take_event(struct client *its, double now) {
    its->event[its->seen] = 0;
    const char *sent = strstr(its->event, "\",\"sent\":");
    if (!strncmp(its->event, "data: {\"id\":\"", 13) && sent && strstr(sent, "\"finish_reason\":null}]}")) {
        if (strtol(its->event + 13, NULL, 10) != its->events) its->is_out_of_order = true;
        its->events++;
        note(now - strtod(sent + 9, NULL));
    } else if (strncmp(its->event, "data: [DONE]", 12)) {
        fail("not an event that was sent");
    }
    its->seen = 0;
}

static void take_body(struct client *its, const char *data, long size, double now) {
    for (long i = 0; i < size; i++) {
        if (its->seen == (int)sizeof its->event - 1) fail("an event without an end");
        its->event[its->seen++] = data[i];
        if (its->seen > 1 && data[i] == '\n' && its->event[its->seen - 2] == '\n') take_event(its, now);
    }
}

/* Takes what has arrived, as far as it can be told what it is; a cut line of the framing stays for the next read. */
static void take_stream(struct client *its, double now) {
    char *at = its->answer, *end = its->answer + its->have;
    while (at < end && its->place != OVER) {
        char *line = memmem(at, (size_t)(end - at), its->place == HEAD ? "\r\n\r\n" : "\r\n", its->place == HEAD ? 4 : 2);
        if (its->place == DATA) {
            long here = its->chunk < end - at ? its->chunk : end - at;
            take_body(its, at, here, now);
            at += here;
            its->chunk -= here;
            if (!its->chunk) its->place = DATA_END;
            continue;
        }
        if (!line) break;
        if (its->place == HEAD) {
            end_of_head(its);
            at = line + 4;
            its->place = SIZE;
        } else if (its->place == SIZE) {
            its->chunk = strtol(at, NULL, 16);
            its->place = its->chunk ? DATA : LAST;
            at = line + 2;
        } else {
            if (line != at) fail("a chunk that is longer than it says");
            its->place = its->place == LAST ? OVER : SIZE;
            at += 2;
        }
    }
    its->have = (int)(end - at);
    memmove(its->answer, at, (size_t)its->have);
}

static int take_ready(int count) {
    int ended = 0;
    double now = now_s();
    for (int i = 0; i < count; i++) {
        struct client *its = ready[i].data.ptr;
        if (!receive(its)) continue;
        take_stream(its, now);
        if (its->place == OVER) {
            close(its->fd);
            ended++;
        }
    }
    return ended;
}

static void stream(int port, int connections, long events, double pause) {
    struct client **clients = get((size_t)connections * sizeof *clients);
    double began = now_s();
    int open = connections;
    for (int i = 0; i < connections; i++) { /* evenly, over 25 pauses */
        clients[i] = connect_to(port);
        ask(clients[i]);
        double due = began + 25 * pause * (i + 1) / connections;
        for (double rest; (rest = due - now_s()) > 0;)
            open -= take_ready(epoll_wait(poller, ready, READY, (int)(rest * 1000) + 1));
    }
    if (pause) delay_count = 0; /* from when all are open */
    while (open) {
        int count = epoll_wait(poller, ready, READY, 30000);
        if (!count) fail("no event for thirty seconds");
        open -= take_ready(count);
    }
    double took = now_s() - began;
    long missing = events * connections, reordered = 0;
    for (int i = 0; i < connections; i++) {
        missing -= clients[i]->events;
        reordered += clients[i]->is_out_of_order;
    }
    sort_delays();
    if (pause) {
        printf("{\"missing\": %ld, \"reordered\": %ld, \"median_ms\": %f, \"p99_ms\": %f, \"max_ms\": %f}\n", missing,
            reordered, of_delays(0.5) * 1e3, of_delays(0.99) * 1e3, of_delays(1.0) * 1e3);
    } else {
        if (missing || reordered) fail("events are missing");
        printf("{\"events\": %ld, \"seconds\": %f}\n", events * connections, took);
    }
}

int main(int count, char **words) {
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    int port = (int)option(count, words, "--port", 0), cpu = (int)option(count, words, "--cpu", -1);
    if (cpu >= 0) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET((size_t)cpu, &set);
        sched_setaffinity(0, sizeof set, &set);
    }
    poller = epoll_create1(0);
    if (count > 1 && !strcmp(words[1], "upstream")) {
        ready_at = now_s() + option(count, words, "--ready-after", 0);
        serve(port);
    }
    int connections = (int)option(count, words, "--connections", 1);
    long events = (long)option(count, words, "--events", 0);
    double pause = option(count, words, "--pause", 0);
    write_request(events, pause);
    if (events) stream(port, connections, events, pause);
    else ask_for(port, connections, option(count, words, "--seconds", 3));
    return 0;
}
