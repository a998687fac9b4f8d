using System.Runtime.InteropServices;
using System.Text;

namespace Kopis.Posix;

/// <summary>The controlling terminal, for secrets that are typed without echo.</summary>
public static unsafe class Terminal
{
    private const int LineBytesMax = 512;
    private const int SetNow = 0;
    private const int SetNowAndForget = 2; // Drops input from before the question.
    private const uint Echo = 8;
    private const nint NoTerminal = 0x5422; // TIOCNOTTY of asm-generic.

    /// <summary>Asks for a secret twice; null if the answers differ.</summary>
    /// <exception cref="PosixException">There is no terminal.</exception>
    public static byte[]? AskTwice(string prompt, string again)
    {
        int fd = Fd.Open("/dev/tty", OpenFlags.ReadWrite);
        try
        {
            byte[] first = Ask(fd, prompt);
            byte[] second = Ask(fd, again);
            return first.AsSpan().SequenceEqual(second) ? first : null;
        }
        finally
        {
            Fd.Close(fd);
        }
    }

    /// <summary>Whether a descriptor is a terminal.</summary>
    public static bool Is(int fd)
    {
        Native.Termios ignored;
        return Native.tcgetattr(fd, &ignored) == 0;
    }

    /// <summary>The rows and columns of a terminal; null if it is not a terminal, or does not know
    /// them.</summary>
    public static (int Rows, int Columns)? SizeOf(int fd)
    {
        const nint getWindowSize = 0x5413; // TIOCGWINSZ of asm-generic.
        ushort* size = stackalloc ushort[4];
        return Native.ioctl(fd, getWindowSize, size) == 0 && size[0] > 0 && size[1] > 0
            ? (size[0], size[1]) : null;
    }

    /// <summary>Asks a question whose answer is yes or no.</summary>
    /// <exception cref="PosixException">There is no terminal.</exception>
    public static bool Confirm(string question)
    {
        int fd = Fd.Open("/dev/tty", OpenFlags.ReadWrite);
        try
        {
            Fd.WriteAll(fd, Encoding.UTF8.GetBytes(question));
            byte[] line = new byte[LineBytesMax];
            int got = Fd.Read(fd, line);
            return got > 0 && line[0] is (byte)'y' or (byte)'Y';
        }
        finally
        {
            Fd.Close(fd);
        }
    }

    /// <summary>Detaches this process from its terminal; opening one does not attach it again.
    /// Another user that has the terminal of a root shell could type there (ioctl_tty(2), TIOCSTI).
    /// A session leader keeps its terminal, since no shell is behind it.</summary>
    internal static void GiveUp()
    {
        int fd = Fd.TryOpen(
            "/dev/tty\0"u8.ToArray(), OpenFlags.ReadWrite | OpenFlags.NoTerminal, out _);
        if (fd < 0)
        {
            return;
        }

        if (Native.getsid(0) != Native.getpid())
        {
            _ = Native.ioctl(fd, NoTerminal, null);
        }

        Fd.Close(fd);
    }

    private static byte[] Ask(int fd, string prompt)
    {
        Native.Termios found;
        Fd.Check(Native.tcgetattr(fd, &found), "tcgetattr");
        Native.Termios old = found;
        Native.Termios quiet = old;
        quiet.LocalFlags &= ~Echo;

        // Ctrl-C must not leave the shell without echo. Afterwards the signal ends us as usual.
        using PosixSignalRegistration interrupt =
            PosixSignalRegistration.Create(PosixSignal.SIGINT, _ => Restore(fd, old));
        Fd.Check(Native.tcsetattr(fd, SetNowAndForget, &quiet), "tcsetattr");
        try
        {
            Fd.WriteAll(fd, Encoding.UTF8.GetBytes(prompt));
            byte[] line = new byte[LineBytesMax];
            int length = Math.Max(0, Fd.Read(fd, line));
            Fd.WriteAll(fd, "\n"u8);
            return line.AsSpan(0, length).TrimEnd("\r\n"u8).ToArray();
        }
        finally
        {
            Restore(fd, old);
        }
    }

    private static void Restore(int fd, Native.Termios old) =>
        _ = Native.tcsetattr(fd, SetNow, &old);
}
