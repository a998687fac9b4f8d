using System.Buffers;
using Kopis.Base;

namespace Kopis.Mail.Dsn;

/// <summary>The parameters of MAIL that the queue keeps with a message. Their canonical form, in
/// the queue and on the wire, is: upper-case keywords in the order of the properties here,
/// separated by single blanks.</summary>
public readonly record struct MessageParameters
{
    /// <summary>The longest ENVID (RFC 3461 §4.4).</summary>
    public const int EnvelopeIdBytesMax = 100;

    /// <summary>BODY.</summary>
    public BodyKind Body { get; init; }

    /// <summary>SMTPUTF8: addresses or header fields have UTF-8 (RFC 6531).</summary>
    public bool SmtpUtf8 { get; init; }

    /// <summary>RET.</summary>
    public ReturnContent Return { get; init; }

    /// <summary>ENVID, as xtext; null if it was not given.</summary>
    public byte[]? EnvelopeId { get; init; }

    /// <summary>REQUIRETLS: never send without TLS and a matching certificate (RFC 8689).</summary>
    public bool RequireTls { get; init; }

    /// <summary>No parameters.</summary>
    public bool IsEmpty =>
        Body == BodyKind.Plain && !SmtpUtf8 && Return == ReturnContent.Unsaid
        && EnvelopeId is null && !RequireTls;

    /// <summary>Whether there is a parameter that belongs to DSN.</summary>
    public bool HasDsn => Return != ReturnContent.Unsaid || EnvelopeId is not null;

    /// <summary>Adds one word of a MAIL command.</summary>
    /// <param name="word">A keyword, or keyword=value, without blanks around it.</param>
    /// <param name="parameters">The parameters, changed only if the word is accepted.</param>
    public static ParameterStatus Parse(
        ReadOnlySpan<byte> word, ref MessageParameters parameters)
    {
        int equals = word.IndexOf((byte)'=');
        ReadOnlySpan<byte> name = equals < 0 ? word : word[..equals];
        ReadOnlySpan<byte> value = equals < 0 ? [] : word[(equals + 1)..];
        MessageParameters? taken;
        if (Ascii8.EqualsIgnoreCase(name, "BODY"u8))
        {
            taken = parameters.WithBody(value);
        }
        else if (Ascii8.EqualsIgnoreCase(name, "SMTPUTF8"u8))
        {
            taken = equals < 0 && !parameters.SmtpUtf8
                ? parameters with { SmtpUtf8 = true } : null;
        }
        else if (Ascii8.EqualsIgnoreCase(name, "RET"u8))
        {
            taken = parameters.WithReturn(value);
        }
        else if (Ascii8.EqualsIgnoreCase(name, "ENVID"u8))
        {
            taken = parameters.WithEnvelopeId(value);
        }
        else if (Ascii8.EqualsIgnoreCase(name, "REQUIRETLS"u8))
        {
            taken = equals < 0 && !parameters.RequireTls
                ? parameters with { RequireTls = true } : null;
        }
        else
        {
            return ParameterStatus.Unknown;
        }

        parameters = taken ?? parameters;
        return taken is null ? ParameterStatus.Bad : ParameterStatus.Taken;
    }

    /// <summary>Parses the canonical form; false for anything else.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out MessageParameters parameters)
    {
        parameters = default;
        foreach (Range word in text.Split((byte)' '))
        {
            if (Parse(text[word], ref parameters) != ParameterStatus.Taken)
            {
                return false;
            }
        }

        return text.SequenceEqual(parameters.ToBytes());
    }

    /// <summary>The canonical form; empty if there are no parameters.</summary>
    public byte[] ToBytes()
    {
        ArrayBufferWriter<byte> to = new();
        ParameterText.Add(to, Body switch
        {
            BodyKind.EightBitMime => "BODY=8BITMIME"u8,
            BodyKind.BinaryMime => "BODY=BINARYMIME"u8,
            _ => [],
        });
        ParameterText.Add(to, SmtpUtf8 ? "SMTPUTF8"u8 : []);
        ParameterText.Add(to, Return switch
        {
            ReturnContent.Full => "RET=FULL"u8,
            ReturnContent.Headers => "RET=HDRS"u8,
            _ => [],
        });
        ParameterText.Add(to, EnvelopeId is null ? [] : [.. "ENVID="u8, .. EnvelopeId]);
        ParameterText.Add(to, RequireTls ? "REQUIRETLS"u8 : []);
        return to.WrittenSpan.ToArray();
    }

    private MessageParameters? WithBody(ReadOnlySpan<byte> value) =>
        Body != BodyKind.Plain ? null
        : Ascii8.EqualsIgnoreCase(value, "7BIT"u8) ? this
        : Ascii8.EqualsIgnoreCase(value, "8BITMIME"u8)
            ? this with { Body = BodyKind.EightBitMime }
        : Ascii8.EqualsIgnoreCase(value, "BINARYMIME"u8)
            ? this with { Body = BodyKind.BinaryMime }
        : null;

    private MessageParameters? WithReturn(ReadOnlySpan<byte> value) =>
        Return != ReturnContent.Unsaid ? null
        : Ascii8.EqualsIgnoreCase(value, "FULL"u8) ? this with { Return = ReturnContent.Full }
        : Ascii8.EqualsIgnoreCase(value, "HDRS"u8) ? this with { Return = ReturnContent.Headers }
        : null;

    private MessageParameters? WithEnvelopeId(ReadOnlySpan<byte> value) =>
        EnvelopeId is null && value.Length is > 0 and <= EnvelopeIdBytesMax
        && XText.IsSound(value)
            ? this with { EnvelopeId = value.ToArray() }
            : null;
}
