#include "status.h"

#include <stdarg.h>
#include <stdio.h>

static _Thread_local char message[1024];

enum tmk_status tmk_fail(enum tmk_status status, const char *format, ...)
{
    char text[sizeof message];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format,
              args); /* by way of a copy: an argument may be tmk_message() */
    va_end(args);
    snprintf(message, sizeof message, "%s", text);
    return status;
}

const char *tmk_message(void)
{
    return message;
}

int tmk_exit_code(enum tmk_status status)
{
    static const int code[] = {
        [TMK_OK] = 0,     [TMK_ECHECK] = 1,       [TMK_EINVAL] = 2,  [TMK_EIO] = 3,
        [TMK_ENOMEM] = 4, [TMK_EUNSUPPORTED] = 4, [TMK_EINTR] = 130,
    };
    return code[status];
}
