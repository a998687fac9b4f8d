using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Load;

/// <summary>epoll(7), level-triggered; one thread waits.</summary>
internal sealed unsafe class Poll
{
    private const int Add = 1;
    private const int Modify = 3;
    private const uint In = 1;
    private const uint Out = 4;
    private const int EntriesMax = 512;

    // struct epoll_event is packed on x86-64 only.
    private static readonly bool Packed =
        RuntimeInformation.ProcessArchitecture == Architecture.X64;

    private static readonly int EntryBytes = Packed ? 12 : 16;
    private static readonly int DataAt = Packed ? 4 : 8;

    private readonly int _epoll = Checked(SystemCalls.epoll_create1(0), "epoll_create1");
    private readonly byte[] _entries = new byte[EntriesMax * EntryBytes];

    /// <summary>Reports this descriptor when it can be read or has failed.</summary>
    internal void Watch(int fd) => Control(Add, fd, In);

    /// <summary>Whether it is reported when it can be written, too.</summary>
    internal void WatchOutput(int fd, bool isWanted) =>
        Control(Modify, fd, isWanted ? In | Out : In);

    /// <summary>Waits.</summary>
    /// <param name="milliseconds">At most so long; minus one: without end.</param>
    /// <returns>How many are ready; see <see cref="Ready"/>.</returns>
    internal int Wait(int milliseconds)
    {
        fixed (byte* entries = _entries)
        {
            int ready;
            do
            {
                ready = SystemCalls.epoll_wait(_epoll, entries, EntriesMax, milliseconds);
            }
            while (ready < 0 && Marshal.GetLastPInvokeError() == SystemCalls.Interrupted);
            return Checked(ready, "epoll_wait");
        }
    }

    /// <summary>A descriptor that is ready.</summary>
    internal int Ready(int place) => BinaryPrimitives.ReadInt32LittleEndian(
        _entries.AsSpan((place * EntryBytes) + DataAt));

    private void Control(int operation, int fd, uint events)
    {
        Span<byte> entry = stackalloc byte[EntryBytes];
        entry.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(entry, events);
        BinaryPrimitives.WriteInt32LittleEndian(entry[DataAt..], fd);
        fixed (byte* p = entry)
        {
            Checked(SystemCalls.epoll_ctl(_epoll, operation, fd, p), "epoll_ctl");
        }
    }

    /// <summary>What a call returned, unless it failed.</summary>
    internal static int Checked(int result, string call) =>
        result >= 0 ? result : throw new IOException(
            $"{call}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
}
