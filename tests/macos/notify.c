/* notify(3) as far as a source uses it, over the FIFO that $NOTIFY_FIFO names: a token is what is written into it, 4 bytes. $NOTIFY_SILENT: posts are lost. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char names[8][128];
static int fds[8], count;

uint32_t notify_register_file_descriptor(const char *name, int *fd, int flags, int *token) {
    const char *fifo = getenv("NOTIFY_FIFO");
    if (!fifo || count == 8 || strlen(name) > 127) return 1;
    if (!(flags & 1)) *fd = open(fifo, O_RDWR | O_CLOEXEC);
    if (*fd < 0) return 1;
    strcpy(names[count], name);
    fds[count] = *fd;
    *token = ++count;
    return 0;
}

uint32_t notify_post(const char *name) {
    for (int i = 0; i < count; i++) {
        unsigned char bytes[4] = {0, 0, 0, (unsigned char)(i + 1)};
        if (!strcmp(names[i], name) && !getenv("NOTIFY_SILENT") && write(fds[i], bytes, 4) != 4) return 1;
    }
    return 0;
}

uint32_t notify_cancel(int token) {
    int fd = fds[token - 1], shared = 0;
    fds[token - 1] = -1;
    for (int i = 0; i < count; i++) shared |= fds[i] == fd;
    return shared ? 0 : (uint32_t)close(fd);
}
