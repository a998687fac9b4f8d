using System.Globalization;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Queue.QmailFormat;

/// <summary><c>queue/imported</c>: which message of a foreign queue became which of ours. A line is
/// added and made durable before the message is stored. After a crash the store shows whether that
/// happened, so that nothing is lost and nothing is imported twice.</summary>
/// <remarks>Lines: <c>plan SOURCE NUMBER</c>, then <c>done SOURCE</c>. SOURCE is the number in the
/// foreign queue, the birth and the length.</remarks>
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
        int whole = content.AsSpan().LastIndexOf((byte)'\n') + 1; // An incomplete line is ignored.
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

    /// <summary>Identifies a message of the foreign queue.</summary>
    internal static string Source(QmailMessage message) => string.Create(
        CultureInfo.InvariantCulture,
        $"{message.Number}/{message.Born.UtcTicks}/{message.MessBytes}");

    /// <summary>Whether it is imported, and noted as done.</summary>
    internal bool IsDone(string source) => _done.Contains(source);

    /// <summary>The number planned for it in a run that did not note it as done.</summary>
    internal ulong? Planned(string source) =>
        _planned.TryGetValue(source, out ulong number) ? number : null;

    /// <summary>Notes that it will get this number.</summary>
    internal void Plan(string source, ulong number) => Add($"plan {source} {number}\n");

    /// <summary>Notes that it is in the store, durably.</summary>
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
