using System.Globalization;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Queue.QmailFormat;

/// <summary>
/// <c>queue/imported</c>: which messages of a foreign queue became which of ours. A line is added
/// and made durable before the message is: after a crash the store says whether that came to pass,
/// so that nothing is lost and nothing imported twice.
/// </summary>
/// <remarks><c>plan SOURCE NUMBER</c>, then <c>done SOURCE</c>; SOURCE is the number there, the
/// birth and the length.</remarks>
internal sealed class ImportJournal : IDisposable
{
    private const int FileBytesMax = 512 * 1024 * 1024; // Some millions of messages.
    private const int OwnerOnly = 0x180; // 0600

    private readonly Dictionary<string, ulong> _planned = [];
    private readonly HashSet<string> _done = [];
    private readonly int _fd;
    private long _length;

    internal ImportJournal(string path)
    {
        _fd = Fd.Open(
            path, OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.NonBlocking | Fd.NoFollow,
            OwnerOnly);
        byte[] content = BoundedFile.Read(path, FileBytesMax);
        int whole = content.AsSpan().LastIndexOf((byte)'\n') + 1; // A torn line says nothing.
        foreach (string line in ByteText.ToText(content.AsSpan(0, whole)).Split('\n'))
        {
            if (line.Split(' ') is ["plan", string planned, string number]
                && ulong.TryParse(
                    number, NumberStyles.None, CultureInfo.InvariantCulture, out ulong ours))
            {
                _planned[planned] = ours;
            }
            else if (line.Split(' ') is ["done", string done])
            {
                _done.Add(done);
            }
        }

        _length = whole;
        Fd.Truncate(_fd, _length);
        Fd.SyncDirectory(Path.GetDirectoryName(path)!);
    }

    /// <summary>By what a message of the other queue is known again.</summary>
    internal static string Source(QmailMessage message) => string.Create(
        CultureInfo.InvariantCulture,
        $"{message.Number}/{message.Born.UtcTicks}/{message.MessBytes}");

    /// <summary>It is ours already, and marked so.</summary>
    internal bool IsDone(string source) => _done.Contains(source);

    /// <summary>The number it was to get in a run that did not mark it done.</summary>
    internal ulong? Planned(string source) =>
        _planned.TryGetValue(source, out ulong number) ? number : null;

    /// <summary>It is going to be this one.</summary>
    internal void Plan(string source, ulong number) => Add($"plan {source} {number}\n");

    /// <summary>It is in the store, durably.</summary>
    internal void Done(string source) => Add($"done {source}\n");

    /// <inheritdoc/>
    public void Dispose() => Fd.Close(_fd);

    private void Add(string line)
    {
        byte[] bytes = ByteText.ToBytes(line);
        Fd.WriteAt(_fd, bytes, _length);
        Fd.SyncData(_fd);
        _length += bytes.Length;
    }
}
