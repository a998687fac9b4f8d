using System.Buffers;
using Kopis.Base;

namespace Kopis.Mail.Dsn;

/// <summary>The parameters of RCPT that the queue keeps with a recipient, in the same canonical
/// form as <see cref="MessageParameters"/>: <c>NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=type;xtext</c>.
/// </summary>
public readonly record struct RecipientParameters
{
    /// <summary>The longest ORCPT (RFC 3461 §4.2).</summary>
    public const int OriginalRecipientBytesMax = 500;

    private static readonly SearchValues<byte> TypeBytes = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-"u8);

    private static readonly (NotifyOn Flag, byte[] Word)[] Words =
    [
        (NotifyOn.Never, "NEVER"u8.ToArray()), (NotifyOn.Success, "SUCCESS"u8.ToArray()),
        (NotifyOn.Failure, "FAILURE"u8.ToArray()), (NotifyOn.Delay, "DELAY"u8.ToArray()),
    ];

    /// <summary>NOTIFY.</summary>
    public NotifyOn Notify { get; init; }

    /// <summary>ORCPT, <c>type;xtext</c>; null if it was not given.</summary>
    public byte[]? OriginalRecipient { get; init; }

    /// <summary>No parameters.</summary>
    public bool IsEmpty => Notify == NotifyOn.Unsaid && OriginalRecipient is null;

    /// <summary>Whether the sender wants to be notified of an event; by default only of failures.
    /// </summary>
    public bool Wants(NotifyOn what) =>
        Notify == NotifyOn.Unsaid ? what == NotifyOn.Failure : (Notify & what) != 0;

    /// <summary>Joins the parameters of a recipient that was given twice. The sender is notified of
    /// everything that either asks for, NEVER counts only if both say it, and the first ORCPT
    /// counts.</summary>
    public RecipientParameters And(RecipientParameters other)
    {
        NotifyOn asked = (Asked(Notify) | Asked(other.Notify)) & ~NotifyOn.Never;
        bool isUnsaid = asked == NotifyOn.Failure
            && (Notify == NotifyOn.Unsaid || other.Notify == NotifyOn.Unsaid);
        return new RecipientParameters
        {
            Notify = isUnsaid ? NotifyOn.Unsaid : asked == 0 ? NotifyOn.Never : asked,
            OriginalRecipient = OriginalRecipient ?? other.OriginalRecipient,
        };
    }

    private static NotifyOn Asked(NotifyOn notify) =>
        notify == NotifyOn.Unsaid ? NotifyOn.Failure : notify;

    /// <summary>Adds one word of a RCPT command.</summary>
    /// <param name="word">A keyword=value, without blanks around it.</param>
    /// <param name="parameters">The parameters, changed only if the word is accepted.</param>
    public static ParameterStatus Parse(
        ReadOnlySpan<byte> word, ref RecipientParameters parameters)
    {
        int equals = word.IndexOf((byte)'=');
        ReadOnlySpan<byte> name = equals < 0 ? word : word[..equals];
        ReadOnlySpan<byte> value = equals < 0 ? [] : word[(equals + 1)..];
        if (Ascii8.EqualsIgnoreCase(name, "NOTIFY"u8))
        {
            NotifyOn notify = ParseNotify(value);
            if (notify == NotifyOn.Unsaid || parameters.Notify != NotifyOn.Unsaid)
            {
                return ParameterStatus.Bad;
            }

            parameters = parameters with { Notify = notify };
            return ParameterStatus.Taken;
        }

        if (Ascii8.EqualsIgnoreCase(name, "ORCPT"u8))
        {
            if (parameters.OriginalRecipient is not null || !IsAddress(value))
            {
                return ParameterStatus.Bad;
            }

            parameters = parameters with { OriginalRecipient = value.ToArray() };
            return ParameterStatus.Taken;
        }

        return ParameterStatus.Unknown;
    }

    /// <summary>Parses the canonical form; false for anything else.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out RecipientParameters parameters)
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
        ParameterText.Add(to, Notify == NotifyOn.Unsaid ? [] : [.. "NOTIFY="u8, .. NotifyText()]);
        ParameterText.Add(
            to, OriginalRecipient is null ? [] : [.. "ORCPT="u8, .. OriginalRecipient]);
        return to.WrittenSpan.ToArray();
    }

    private byte[] NotifyText()
    {
        ArrayBufferWriter<byte> to = new();
        foreach ((NotifyOn flag, byte[] word) in Words)
        {
            if ((Notify & flag) != 0)
            {
                to.Write(to.WrittenCount > 0 ? ","u8 : []);
                to.Write(word);
            }
        }

        return to.WrittenSpan.ToArray();
    }

    /// <summary>Unsaid if the value is malformed.</summary>
    private static NotifyOn ParseNotify(ReadOnlySpan<byte> value)
    {
        NotifyOn notify = NotifyOn.Unsaid;
        foreach (Range range in value.Split((byte)','))
        {
            ReadOnlySpan<byte> word = value[range];
            NotifyOn one = NotifyOn.Unsaid;
            foreach ((NotifyOn flag, byte[] name) in Words)
            {
                one |= Ascii8.EqualsIgnoreCase(word, name) ? flag : NotifyOn.Unsaid;
            }

            if (one == NotifyOn.Unsaid)
            {
                return NotifyOn.Unsaid;
            }

            notify |= one;
        }

        bool isMixed = (notify & NotifyOn.Never) != 0 && notify != NotifyOn.Never;
        return isMixed ? NotifyOn.Unsaid : notify;
    }

    /// <summary>An address type, a semicolon, and xtext.</summary>
    private static bool IsAddress(ReadOnlySpan<byte> value)
    {
        int semicolon = value.IndexOf((byte)';');
        return semicolon > 0 && value.Length <= OriginalRecipientBytesMax
            && value[..semicolon].IndexOfAnyExcept(TypeBytes) < 0
            && XText.IsSound(value[(semicolon + 1)..]);
    }
}
