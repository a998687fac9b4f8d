using System.Runtime.InteropServices;

namespace Kopis.Posix;

/// <summary>The whole terminal, for a program that draws on it and reads single keys. The terminal
/// is restored however the program ends, except by SIGKILL.</summary>
public sealed unsafe class TerminalScreen : IDisposable
{
    private const int SetNow = 0;
    private const uint Canonical = 2, Echo = 8, Signals = 1; // ICANON, ECHO, ISIG.
    private const int Input = 0, Output = 1;

    private readonly List<PosixSignalRegistration> _signals = [];
    private readonly Lock _lock = new();
    private Native.Termios _old;
    private bool _isOpen;

    /// <summary>Takes the terminal of descriptors 0 and 1.</summary>
    /// <param name="onStop">Called from another thread when a signal asks to stop.</param>
    /// <exception cref="PosixException">They are not a terminal.</exception>
    public TerminalScreen(Action onStop)
    {
        fixed (Native.Termios* old = &_old)
        {
            Fd.Check(Native.tcgetattr(Input, old), "tcgetattr");
        }

        foreach (PosixSignal signal in (PosixSignal[])
            [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP])
        {
            _signals.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                Close();
                onStop();
            }));
        }

        Native.Termios keys = _old;
        keys.LocalFlags &= ~(Canonical | Echo | Signals);
        Fd.Check(Native.tcsetattr(Input, SetNow, &keys), "tcsetattr");
        _isOpen = true;
        Fd.WriteAll(Output, "\u001b[?1049h\u001b[?25l"u8); // Another screen, no cursor.
    }

    /// <summary>Waits for a key.</summary>
    /// <returns>Null if none came in time; zero at the end of input.</returns>
    public static byte? Read(TimeSpan timeout)
    {
        if (!Poller.WaitReadable(Input, timeout))
        {
            return null;
        }

        byte[] key = new byte[1];
        return Fd.Read(Input, key) > 0 ? key[0] : (byte)0;
    }

    /// <summary>Draws lines; the terminal clears each to its end.</summary>
    public void Draw(IEnumerable<string> lines)
    {
        lock (_lock)
        {
            if (_isOpen)
            {
                Fd.WriteAll(Output, System.Text.Encoding.UTF8.GetBytes(
                    "\u001b[H" + string.Join("\u001b[K\r\n", lines) + "\u001b[K\u001b[J"));
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Close();
        _signals.ForEach(signal => signal.Dispose());
    }

    private void Close()
    {
        lock (_lock)
        {
            if (!_isOpen)
            {
                return;
            }

            _isOpen = false;
            fixed (Native.Termios* old = &_old)
            {
                _ = Native.tcsetattr(Input, SetNow, old);
            }

            try
            {
                Fd.WriteAll(Output, "\u001b[?25h\u001b[?1049l"u8);
            }
            catch (PosixException)
            {
                // The terminal was hung up.
            }
        }
    }
}
