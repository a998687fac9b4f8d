using System.Text;

namespace Kopis.Mail.Tests.Authentication.Dkim;

/// <summary>Messages of every shape that a signature has to stand: header by body.</summary>
internal static class DkimMatrix
{
    private static readonly string[] Headers =
    [
        "From: a@sign.example\n",
        "From: Ann <a@sign.example>\nTo: b@b.example\nSubject: plain\nDate: Mon, 1 Jan 2026\n",
        "FROM:a@sign.example\nsubject:no blank\nTo:\tx@y.example\n",
        "From: a@sign.example\nSubject: folded\n once\n\tand again\n   \nDate: x\n",
        "From:\n a@sign.example\nSubject:\n x\n",
        "From: a@sign.example\nSubject:\nTo: \n",
        "From: a@sign.example\nReceived: one\nReceived: two\nReceived: three\nSubject: same\n",
        "From: a@sign.example\nSubject: double  blanks \t and tabs\t\t\n",
        "From: a@sign.example\nSubject : blank before the colon\n",
        "From: =?utf-8?q?J=C3=B6?= <a@sign.example>\nSubject: J\u00c3\u00b6rg 8 bit\n",
        "From: a@sign.example\nSubject: " + new string('s', 900) + "\n",
        "From: a@sign.example\nSubject: colons : in ; the = value\nMIME-Version: 1.0\n"
            + "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n",
        "From: a@sign.example\nList-Unsubscribe: <https://sign.example/u?a=b&c>\n"
            + "List-Unsubscribe-Post: List-Unsubscribe=One-Click\nMessage-ID: <x@sign.example>\n",
    ];

    private static readonly string[] Bodies =
    [
        "", "\n", "\n\n\n", "x", "x\n", "x\n\n\n", "\n\nx\n", " \n", " \t \n\t\n", "x \t\ny\t \n",
        " leading\n\ttab\n", "a  b   c\t\td\n", ".\n..\n.x\n", "--\n\n-- \n", "From x\n",
        "8 bit: \u00e4\u00f6\u00fc\u00ff\u0080\n", new string('l', 998) + "\n",
        new string('l', 997) + " \n" + new string('m', 998), "one\n\n\ntwo\n \n\t\nthree\n\n \n",
        "=20\n=\n", "x\n y\n  z\n\n", "last line without end",
    ];

    /// <summary>All of them, in LF lines.</summary>
    internal static IEnumerable<byte[]> Messages()
    {
        foreach (string header in Headers)
        {
            foreach (string body in Bodies)
            {
                yield return Encoding.Latin1.GetBytes(header + "\n" + body);
            }
        }
    }

    /// <summary>The same in CRLF lines, as it is on the wire; a last line has an end there.
    /// </summary>
    internal static byte[] OnTheWire(byte[] message)
    {
        System.Buffers.ArrayBufferWriter<byte> to = new();
        Kopis.Mail.SmtpClient.SmtpBodyEncoder encoder = new(isChunked: true);
        encoder.Encode(message, to);
        encoder.Finish(to);
        return to.WrittenSpan.ToArray();
    }
}
