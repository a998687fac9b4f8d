using System.Runtime.InteropServices;

namespace Kopis.Posix;

/// <summary>Waits for descriptors with poll(2), for event loops with few of them.</summary>
public sealed unsafe class Poller
{
    private const short In = 1;
    private const short Out = 4;

    private Native.PollEntry[] _entries = new Native.PollEntry[8];
    private int _count;

    /// <summary>Notes each turn of the loop that waits here; null for nobody.</summary>
    public Watchdog? Watch { get; init; }

    /// <summary>Forgets all descriptors.</summary>
    public void Clear() => _count = 0;

    /// <summary>Watches a descriptor. Returns the place to pass to <see cref="IsReady"/>.</summary>
    public int Add(int fd, bool read, bool write = false)
    {
        if (_count == _entries.Length)
        {
            Array.Resize(ref _entries, _count * 2);
        }

        short events = (short)((read ? In : 0) | (write ? Out : 0));
        _entries[_count] = new Native.PollEntry { Fd = fd, Events = events };
        return _count++;
    }

    /// <summary>Waits until a descriptor is ready or the time is over; null waits forever.
    /// </summary>
    /// <returns>False when the time ran out or a signal came.</returns>
    public bool Wait(TimeSpan? timeout)
    {
        int milliseconds = timeout is { } t
            ? (int)Math.Clamp(Math.Ceiling(t.TotalMilliseconds), 0, int.MaxValue)
            : -1;
        fixed (Native.PollEntry* p = _entries)
        {
            Watch?.End();
            int ready = Native.poll(p, (nuint)_count, milliseconds);
            int error = Marshal.GetLastPInvokeError();
            Watch?.Begin();
            if (ready < 0 && error is not Errno.Interrupted and var errno)
            {
                throw new PosixException("poll", errno);
            }

            return ready > 0;
        }
    }

    /// <summary>Whether the descriptor at this place can be read or written, or was hung up.
    /// </summary>
    public bool IsReady(int place) => _entries[place].Returned != 0;

    /// <summary>Waits until the descriptor takes more bytes, or its peer is gone.</summary>
    public static void WaitWritable(int fd)
    {
        Poller poller = new();
        poller.Add(fd, read: false, write: true);
        poller.Wait(null);
    }

    /// <summary>Waits until there is something to read. False if the time ends first.</summary>
    public static bool WaitReadable(int fd, TimeSpan timeout)
    {
        long deadline = Environment.TickCount64 + (long)timeout.TotalMilliseconds;
        Poller poller = new();
        poller.Add(fd, read: true);
        do
        {
            long left = Math.Max(0, deadline - Environment.TickCount64);
            if (poller.Wait(TimeSpan.FromMilliseconds(left)))
            {
                return true;
            }
        }
        while (Environment.TickCount64 < deadline);
        return false;
    }
}
