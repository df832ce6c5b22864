// SPDX-License-Identifier: GPL-2.0-only
/*
 * The terminal. Curses writes to a file in memory, which never blocks; from there a frame goes to
 * an own open of the terminal that does not block either (O_NONBLOCK on the one we were given would
 * be the shell's too). The modes of the line are set here, since curses has no terminal to set them
 * on. [screen]
 */
#define _GNU_SOURCE /* memfd_create */
#include "screen/term.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <term.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "screen/line.h"

#define INSTEAD	  "use --headless, or ctl"
#define OUT_BYTES (1u << 20) /* a frame is smaller: 300 rows of 512 columns with a look each */
#define LEAVE_MS  250
#define CANCEL	  "\030" /* ends a sequence that was cut */
#define PASTE_ON  "\033[?2004h"
#define PASTE_OFF "\033[?2004l"

static struct {
	int fd; /* the terminal; -1: not found yet */
	char name[64], note[160];
	struct termios shell, ours;
	bool taken; /* modes are ours */
	bool paste;
	SCREEN *screen;
	FILE *drawn; /* what curses writes */
	int colours;
	char *out; /* on its way to the terminal: [sent, n) */
	size_t n, sent;
	char restore[512]; /* what undoes it all, for a signal handler */
	size_t restore_n;
} g = { .fd = -1 };

/* --- which terminal --- */

static bool known(const char *name)
{
	int why;

	return setupterm((char *)name, STDOUT_FILENO, &why) == OK;
}

/* Terminals that are not in this machine's database are nearly always like one of these. */
static int choose_name(const char *wanted, struct vx_err *err)
{
	const char *const names[] = { wanted, "xterm", "vt100", "ansi" };
	const char *cup = NULL;
	size_t i = 0;

	while (i < 4 && (strlen(names[i]) >= sizeof(g.name) || !known(names[i])))
		i++;
	if (i == 4)
		return vx_err_set(err, -ENOTTY,
				  "no description of terminal %.40s, nor of any: " INSTEAD, wanted);
	cup = tigetstr("cup");
	del_curterm(cur_term);
	if (!cup || cup == (char *)-1)
		return vx_err_set(err, -ENOTTY, "terminal %.40s cannot place its cursor: " INSTEAD,
				  wanted);
	snprintf(g.name, sizeof(g.name), "%s", names[i]);
	if (i)
		snprintf(g.note, sizeof(g.note), "terminal %.40s is not known here: drawn as %s",
			 wanted, g.name);
	return 0;
}

int term_find(struct vx_err *err)
{
	const char *name = getenv("TERM");
	int rc;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return vx_err_set(err, -ENOTTY, "no terminal: " INSTEAD);
	if (!name || !*name || !strcmp(name, "dumb"))
		return vx_err_set(err, -ENOTTY, "TERM is %s: " INSTEAD,
				  name && *name ? name : "not set");
	rc = choose_name(name, err);
	if (rc)
		return rc;
	g.fd = open("/proc/self/fd/1", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (g.fd < 0)
		g.fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (g.fd < 0)
		return vx_err_set(err, -ENOTTY, "the terminal cannot be opened (%s): " INSTEAD,
				  strerror(errno));
	return 0;
}

const char *term_note(void)
{
	return g.note;
}

int term_fd(void)
{
	return g.fd;
}

int term_colours(void)
{
	return g.colours;
}

/* --- out --- */

static int send_some(void)
{
	while (g.sent < g.n) {
		ssize_t n = write(g.fd, g.out + g.sent, g.n - g.sent);

		if (n < 0 && errno != EINTR)
			return -errno;
		g.sent += n > 0 ? (size_t)n : 0;
	}
	g.n = g.sent = 0;
	return 0;
}

int term_flush(void)
{
	int rc = send_some();

	return rc == -EAGAIN ? 0 : rc;
}

bool term_idle(void)
{
	return g.sent == g.n;
}

/* Takes what curses wrote. */
static void collect(void)
{
	int fd = fileno(g.drawn);
	off_t size;
	ssize_t n;

	fflush(g.drawn);
	size = lseek(fd, 0, SEEK_CUR);
	n = size > 0 ? pread(fd, g.out + g.n, OUT_BYTES - g.n, 0) : 0;
	g.n += n > 0 ? (size_t)n : 0;
	if (size > 0 && (ftruncate(fd, 0) || lseek(fd, 0, SEEK_SET)))
		abort(); /* memory that is ours: cannot fail */
}

static void put(const char *s)
{
	size_t len = strlen(s);

	if (g.n + len > OUT_BYTES)
		return;
	memcpy(g.out + g.n, s, len);
	g.n += len;
}

void term_frame(void)
{
	wnoutrefresh(stdscr);
	doupdate();
	collect();
}

void term_redraw(void)
{
	clearok(curscr, TRUE);
}

static void wait_out(int ms)
{
	struct pollfd p = { .fd = g.fd, .events = POLLOUT };

	for (int waited = 0; waited < ms && send_some() == -EAGAIN; waited += 10)
		poll(&p, 1, 10);
}

/* All of it within half a second; false: it did not take it. One that was stopped (Ctrl-S) is let
 * go on: the shell wants it too. TCOON alone undoes only what TCOOFF did. */
static bool drain(void)
{
	bool taken;

	wait_out(LEAVE_MS);
	if (!term_idle()) {
		tcflow(g.fd, TCOOFF);
		tcflow(g.fd, TCOON);
		wait_out(LEAVE_MS);
	}
	taken = term_idle();
	g.n = g.sent = 0;
	return taken;
}

/* --- modes of the line --- */

static void take(void)
{
	if (tcgetattr(g.fd, &g.shell))
		return;
	g.ours = g.shell;
	g.ours.c_iflag &= ~(tcflag_t)(ICRNL | INLCR | IGNCR | ISTRIP | BRKINT | PARMRK);
	g.ours.c_oflag &= ~(tcflag_t)OPOST;
	g.ours.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG | IEXTEN);
	g.ours.c_cc[VMIN] = 1;
	g.ours.c_cc[VTIME] = 0;
	tcsetattr(g.fd, TCSANOW, &g.ours);
	g.taken = true;
}

static void give_back(void)
{
	if (g.taken)
		tcsetattr(g.fd, TCSANOW, &g.shell);
	g.taken = false;
}

static void on_fatal(int sig)
{
	ssize_t ignored;

	if (!term_idle())
		ignored = write(g.fd, CANCEL, 1);
	ignored = write(g.fd, g.restore, g.restore_n);
	(void)ignored;
	if (g.taken)
		tcsetattr(g.fd, TCSANOW, &g.shell);
	raise(sig); /* its action is the default again */
}

static void catch_fatal(void)
{
	static const int fatal[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGQUIT };
	struct sigaction sa = { .sa_handler = on_fatal,
				.sa_flags = (int)(SA_RESETHAND | SA_NODEFER) };

	sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
		sigaction(fatal[i], &sa, NULL);
	signal(SIGTSTP, SIG_DFL); /* curses has put its own there */
}

/* --- curses --- */

static int put_byte(int c)
{
	if (g.n < OUT_BYTES)
		g.out[g.n++] = (char)c;
	return c;
}

/* Leaves curses once, to learn what leaving takes; the first frame enters it again. */
static void learn_restore(void)
{
	collect();
	g.n = 0;
	curs_set(0);
	endwin();
	collect();
	if (exit_attribute_mode)
		tputs(exit_attribute_mode, 1, put_byte);
	if (cursor_normal)
		tputs(cursor_normal, 1, put_byte);
	if (g.paste)
		put(PASTE_OFF);
	g.restore_n = g.n < sizeof(g.restore) ? g.n : sizeof(g.restore);
	memcpy(g.restore, g.out, g.restore_n);
	g.n = 0;
}

static void choose_colours(bool wanted)
{
	const char *no = getenv("NO_COLOR");

	if (!wanted || (no && *no) || start_color() != OK || COLORS < 8)
		return;
	use_default_colors();
	g.colours = COLORS >= 256 ? 256 : COLORS >= 16 ? 16 : 8;
}

static bool has_paste(void)
{
	static const char *const names[] = { "xterm",	  "tmux", "screen", "rxvt",
					     "alacritty", "foot", "vte" };
	const char *term = getenv("TERM");

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strncmp(term, names[i], strlen(names[i])))
			return true;
	return false;
}

static int open_curses(struct vx_err *err)
{
	int fd = memfd_create("frame", MFD_CLOEXEC);

	g.drawn = fd < 0 ? NULL : fdopen(fd, "w");
	g.out = malloc(OUT_BYTES);
	if (!g.drawn || !g.out)
		return vx_err_set(err, -ENOMEM, "screen: no memory");
	unsetenv("LINES"); /* the terminal knows better */
	unsetenv("COLUMNS");
	g.screen = newterm(g.name, g.drawn, stdin);
	return g.screen ? 0
			: vx_err_set(err, -ENOTTY, "terminal %s: curses refuses it: " INSTEAD,
				     g.name);
}

int term_open(bool colours, struct vx_err *err)
{
	int rows, cols, rc;

	setlocale(LC_CTYPE, "");
	line_set_ascii(strcmp(nl_langinfo(CODESET), "UTF-8") != 0);
	rc = open_curses(err);
	if (rc)
		return rc;
	nonl();
	typeahead(-1);
	leaveok(stdscr, FALSE);
	choose_colours(colours);
	g.paste = has_paste();
	learn_restore();
	catch_fatal();
	term_size(&rows, &cols);
	take();
	if (g.paste)
		put(PASTE_ON);
	return 0;
}

bool term_suspend(void)
{
	bool taken;

	if (!term_idle())
		wait_out(LEAVE_MS);
	if (!isendwin())
		endwin();
	collect();
	if (g.paste)
		put(PASTE_OFF);
	taken = drain();
	give_back();
	return taken;
}

void term_resume(void)
{
	if (!g.taken)
		take();
	else
		tcsetattr(g.fd, TCSANOW,
			  &g.ours); /* stopped from outside: a shell has set its own */
	if (g.paste && term_idle())
		put(PASTE_ON);
	term_redraw();
}

bool term_close(void)
{
	bool taken;

	if (!g.screen)
		return true;
	taken = term_suspend();
	delscreen(g.screen);
	fclose(g.drawn);
	free(g.out);
	close(g.fd);
	g.screen = NULL;
	g.out = NULL;
	g.fd = -1;
	return taken;
}

void term_size(int *rows, int *cols)
{
	struct winsize ws = { 0 };

	if (ioctl(g.fd, TIOCGWINSZ, &ws) || !ws.ws_row || !ws.ws_col)
		ws = (struct winsize){ .ws_row = 24, .ws_col = 80 };
	*rows = ws.ws_row < 1000 ? ws.ws_row : 1000;
	*cols = ws.ws_col < LINE_COLS ? ws.ws_col : LINE_COLS;
	if (!is_term_resized(*rows, *cols))
		return;
	resize_term(*rows, *cols);
	clearok(curscr, TRUE); /* what a terminal keeps of the old picture is its own affair */
}
