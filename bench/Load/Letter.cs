using System.Globalization;
using System.Text;

namespace Load;

/// <summary>The lines of every transaction, made once. The message has the headers of
/// smtp-source's, and then its payload.</summary>
internal sealed class Letter
{
    private const string IdFormat = "D10";
    private const int LineBytes = 78; // With CRLF, as RFC 5322 §2.1.1 recommends.
    private readonly byte[] _message;
    private readonly int _idAt;

    /// <summary>The lines.</summary>
    /// <param name="sender">The envelope's.</param>
    /// <param name="recipients">Message by message in turn.</param>
    /// <param name="payloadBytes">Bytes after the header.</param>
    internal Letter(string sender, IEnumerable<string> recipients, int payloadBytes)
    {
        Mail = Encoding.ASCII.GetBytes($"MAIL FROM:<{sender}>\r\n");
        Recipients =
            [.. recipients.Select(one => Encoding.ASCII.GetBytes($"RCPT TO:<{one}>\r\n"))];
        string date = DateTimeOffset.UtcNow.ToString(
            "ddd, dd MMM yyyy HH:mm:ss +0000", CultureInfo.InvariantCulture);
        string start = $"From: <{sender}>\r\nTo: bench:;\r\nDate: {date}\r\nMessage-ID: <";
        StringBuilder text = new(start);
        text.Append(0.ToString(IdFormat, CultureInfo.InvariantCulture))
            .Append("@client.test>\r\nSubject: bench\r\n\r\n");
        string line = new string('x', LineBytes - 2) + "\r\n";
        for (int left = payloadBytes; left > 0; left -= LineBytes)
        {
            // The last line ends with CRLF whatever its length.
            text.Append(left >= LineBytes ? line : new string('x', Math.Max(0, left - 2)) + "\r\n");
        }

        _idAt = start.Length;
        _message = Encoding.ASCII.GetBytes(text.Append(".\r\n").ToString());
    }

    internal byte[] Mail { get; }

    internal byte[][] Recipients { get; }

    /// <summary>A copy of the message, with its dot.</summary>
    internal byte[] Copy() => [.. _message];

    /// <summary>Gives a copy a Message-ID of its own.</summary>
    internal void Number(byte[] copy, int number) =>
        number.TryFormat(copy.AsSpan(_idAt), out _, IdFormat, CultureInfo.InvariantCulture);
}
