using System.Buffers;
using Kopis.Base;

namespace Kopis.Mail.Smtp;

/// <summary>
/// One reply of one line: qmail's to the letter after HELO, with its enhanced status code (RFC
/// 2034) before the text after EHLO. A status of the text's own, <c>(#5.7.1)</c>, stays in both.
/// </summary>
public sealed class SmtpAnswer
{
    private readonly byte[] _plain;
    private readonly byte[] _enhanced;

    /// <summary>Makes a refusal, <c>553 5.7.1 sorry, that …</c>. As qmail has it, the status also
    /// is after its words.</summary>
    public SmtpAnswer(string line)
        : this(line[..3], line[4..line.IndexOf(' ', 4)], Words(line))
    {
    }

    /// <summary>Makes a reply of fixed words.</summary>
    /// <param name="code">Three digits.</param>
    /// <param name="status">RFC 3463; empty for a reply that has none.</param>
    /// <param name="text">What people read.</param>
    public SmtpAnswer(string code, string status, string text)
    {
        Line = $"{code} {text}";
        _plain = ByteText.ToBytes($"{Line}\r\n");
        _enhanced = status.Length == 0 ? _plain : ByteText.ToBytes($"{code} {status} {text}\r\n");
    }

    /// <summary>As qmail has it, without its line end: for logs.</summary>
    public string Line { get; }

    /// <summary>Writes it.</summary>
    /// <param name="reply">Where to.</param>
    /// <param name="enhanced">Whether the client knows status codes.</param>
    public void WriteTo(IBufferWriter<byte> reply, bool enhanced) =>
        reply.Write(enhanced ? _enhanced : _plain);

    /// <summary>The same as bytes.</summary>
    public ReadOnlyMemory<byte> ToBytes(bool enhanced) => enhanced ? _enhanced : _plain;

    private static string Words(string line)
    {
        int space = line.IndexOf(' ', 4);
        return $"{line[(space + 1)..]} (#{line[4..space]})";
    }
}
