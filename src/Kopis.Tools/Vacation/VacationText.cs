using System.Buffers;
using Kopis.Base;
using Kopis.Mail.Header;

namespace Kopis.Tools.Vacation;

/// <summary>The text of <c>~/.vacation.msg</c>: a few header fields, an empty line and the body, or
/// only the body. <c>$SUBJECT</c> stands for the subject of the answered message. No I/O.</summary>
internal sealed class VacationText
{
    /// <summary>The largest file; a larger one is refused.</summary>
    internal const int BytesMax = 64 * 1024;

    private static readonly string[] MimeFields =
        ["mime-version", "content-type", "content-transfer-encoding", "content-language"];

    private readonly List<byte[]> _mime = [];
    private readonly byte[] _subject;
    private readonly byte[]? _subjectField;
    private readonly byte[]? _from;
    private readonly byte[] _body;

    internal VacationText(byte[] text, byte[] subject)
    {
        _subject = subject;
        byte[]? field = null;
        byte[]? from = null;
        bool hasFields = false;
        HeaderReader header = new(
            (name, value) =>
            {
                hasFields = true;
                if (Ascii8.EqualsIgnoreCase(name, "Subject"u8))
                {
                    field = value.ToArray();
                }
                else if (Ascii8.EqualsIgnoreCase(name, "From"u8))
                {
                    from = value.ToArray();
                }
                else if (MimeFields.Contains(ByteText.ToText(Ascii8.ToLower(name))))
                {
                    _mime.Add([.. name, .. ": "u8, .. value, (byte)'\n']);
                }
            },
            BytesMax);
        int used = header.Read(text);
        header.End();
        (_subjectField, _from) = (field, from);
        _body = hasFields ? text[used..] : text;
    }

    /// <summary>Writes the header fields and the body of the answer.</summary>
    /// <param name="to">The output.</param>
    /// <param name="address">The user's address, for From.</param>
    /// <param name="writeRest">Writes the fields that every answer has.</param>
    internal void Write(
        ArrayBufferWriter<byte> to, byte[] address, Action<ArrayBufferWriter<byte>> writeRest)
    {
        to.Write("From: "u8);
        to.Write(_from ?? [(byte)'<', .. address, (byte)'>']);
        to.Write("\nSubject: "u8);
        to.Write(Filled(_subjectField ?? "Auto: $SUBJECT"u8.ToArray()));
        to.Write("\n"u8);
        writeRest(to);
        _mime.ForEach(field => to.Write(field));
        if (_mime.Count == 0)
        {
            to.Write("MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"u8);
        }

        to.Write("\n"u8);
        to.Write(Filled(_body));
    }

    private byte[] Filled(byte[] text)
    {
        ReadOnlySpan<byte> mark = "$SUBJECT"u8;
        ArrayBufferWriter<byte> to = new();
        ReadOnlySpan<byte> rest = text;
        int at;
        while ((at = rest.IndexOf(mark)) >= 0)
        {
            to.Write(rest[..at]);
            to.Write(_subject);
            rest = rest[(at + mark.Length)..];
        }

        to.Write(rest);
        return to.WrittenSpan.ToArray();
    }
}
