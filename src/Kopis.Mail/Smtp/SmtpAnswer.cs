using System.Buffers;
using Kopis.Base;

namespace Kopis.Mail.Smtp;

/// <summary>A reply of one line. After HELO it is qmail's to the letter; after EHLO its enhanced
/// status code (RFC 2034) precedes the text. A status within the text, <c>(#5.7.1)</c>, stays in
/// both.</summary>
public sealed class SmtpAnswer
{
    private readonly byte[] _plain;
    private readonly byte[] _enhanced;

    /// <summary>Makes a refusal, <c>553 5.7.1 sorry, that …</c>. As in qmail, the status also
    /// follows the text.</summary>
    public SmtpAnswer(string line)
        : this(line[..3], line[4..line.IndexOf(' ', 4)], Words(line))
    {
    }

    /// <summary>Makes a reply with a fixed text.</summary>
    /// <param name="code">Three digits.</param>
    /// <param name="status">The status of RFC 3463; empty for a reply without one.</param>
    /// <param name="text">The text for people.</param>
    public SmtpAnswer(string code, string status, string text)
    {
        Line = $"{code} {text}";
        _plain = ByteText.ToBytes($"{Line}\r\n");
        _enhanced = status.Length == 0 ? _plain : ByteText.ToBytes($"{code} {status} {text}\r\n");
    }

    /// <summary>The reply as qmail has it, without its line end, for logs.</summary>
    public string Line { get; }

    /// <summary>Writes the reply.</summary>
    /// <param name="reply">The output.</param>
    /// <param name="enhanced">Whether the client supports status codes.</param>
    public void WriteTo(IBufferWriter<byte> reply, bool enhanced) =>
        reply.Write(enhanced ? _enhanced : _plain);

    /// <summary>The reply as bytes.</summary>
    public ReadOnlyMemory<byte> ToBytes(bool enhanced) => enhanced ? _enhanced : _plain;

    private static string Words(string line)
    {
        int space = line.IndexOf(' ', 4);
        return $"{line[(space + 1)..]} (#{line[4..space]})";
    }
}
