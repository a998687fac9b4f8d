using System.Globalization;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Host.Migration.Mailboxes;

/// <summary>Writes messages into a Maildir that no other process knows yet.</summary>
/// <param name="directory">The Maildir.</param>
/// <param name="host">The end of the files' names.</param>
internal sealed class MaildirSink(string directory, string host) : IMboxSink
{
    private const int OwnerOnly = 0x180; // 0600
    private const string AscTime = "ddd MMM d HH:mm:ss yyyy";

    private readonly long _began = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
    private int _fd = -1;
    private DateTime? _received;

    /// <summary>The number of messages.</summary>
    internal int Count { get; private set; }

    private string Name => string.Create(CultureInfo.InvariantCulture,
        $"{_began}.M{Count}P{Environment.ProcessId}.{host}");

    private string Temporary => $"{directory}/tmp/{Name}";

    /// <inheritdoc/>
    public void Begin(ReadOnlySpan<byte> separator)
    {
        // From SENDER DATE, the date as of asctime(3).
        string text = ByteText.ToText(separator["From ".Length..]);
        int blank = text.IndexOf(' ');
        _received = blank > 0 && DateTime.TryParseExact(
            text[blank..].Trim(), AscTime, CultureInfo.InvariantCulture,
            DateTimeStyles.AllowWhiteSpaces | DateTimeStyles.AssumeUniversal
                | DateTimeStyles.AdjustToUniversal,
            out DateTime time) ? time : null;
        _fd = Fd.Open(
            Temporary, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive, OwnerOnly);
    }

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<byte> bytes) => Fd.WriteAll(_fd, bytes);

    /// <inheritdoc/>
    public void End(string? flags)
    {
        Close();
        if (_received is { } time)
        {
            File.SetLastWriteTimeUtc(Temporary, time); // What IMAP shows as received.
        }

        Paths.Rename(
            Temporary,
            flags is null ? $"{directory}/new/{Name}" : $"{directory}/cur/{Name}:2,{flags}");
        Count++;
    }

    /// <summary>Closes the open files.</summary>
    internal void Close()
    {
        if (_fd >= 0)
        {
            Fd.Close(_fd);
            _fd = -1;
        }
    }
}
