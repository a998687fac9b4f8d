using System.Buffers;
using Kopis.Base;
using Kopis.Queue.Store.Messages;
using Kopis.Queue.Store.State;

namespace Kopis.Queue.Commands;

/// <summary>One command to qmail-send (docs/ARCHITECTURE.md, commands).</summary>
public sealed record QueueRequest(QueueVerb Verb, QueueSelection Selection)
{
    /// <summary>The longest text for a bounce.</summary>
    public const int TextBytesMax = 4096;

    private const int DestinationBytesMax = 255;
    private const byte NumberField = (byte)'n';
    private const byte SenderField = (byte)'s';
    private const byte RecipientField = (byte)'r';
    private const byte DomainField = (byte)'d';
    private const byte OlderField = (byte)'o';
    private const byte YoungerField = (byte)'y';
    private const byte DryField = (byte)'w';
    private const byte TextField = (byte)'t';
    private const byte ToField = (byte)'a';
    private const byte ViaField = (byte)'v';
    private const byte UidField = (byte)'u';
    private const byte DestinationField = (byte)'m';
    private const byte StateField = (byte)'k';
    private const byte FromField = (byte)'g';
    private const byte FromRecipientField = (byte)'i';
    private const byte MostField = (byte)'c';

    private static readonly QueueVerb[] Verbs = Enum.GetValues<QueueVerb>();

    /// <summary>Whether only to report what would be done.</summary>
    public bool IsDry { get; init; }

    /// <summary>The text of a bounce; null: the default text.</summary>
    public byte[]? Text { get; init; }

    /// <summary>The address that a reroute sends to; else null.</summary>
    public byte[]? To { get; init; }

    /// <summary>The relay that a reroute uses, <c>host:port</c>, or empty for the usual route; else
    /// null.</summary>
    public byte[]? Via { get; init; }

    /// <summary>The user for whom the caller asks. It is the caller's own statement, and counts
    /// only if the caller is qmail-send's own user or root.</summary>
    public uint? AskedBy { get; init; }

    /// <summary>Writes the request as a frame.</summary>
    public void Write(IBufferWriter<byte> to)
    {
        ArrayBufferWriter<byte> content = new();
        foreach (ulong number in Selection.Numbers)
        {
            content.Write([NumberField]);
            QueueFrame.Put(content, number);
        }

        Put(content, SenderField, Selection.Sender);
        Put(content, RecipientField, Selection.Recipient);
        Put(content, DomainField, Selection.Domain);
        Put(content, DestinationField, Selection.Destination);
        Put(content, OlderField, (ulong?)Selection.OlderThan);
        Put(content, YoungerField, (ulong?)Selection.YoungerThan);
        Put(content, StateField, (ulong?)Selection.State);
        Put(content, FromField, Selection.From);
        Put(content, FromRecipientField,
            Selection.FromRecipient > 0 ? Selection.FromRecipient : (ulong?)null);
        Put(content, MostField, Selection.Most);
        Put(content, TextField, Text);
        Put(content, ToField, To);
        Put(content, ViaField, Via);
        Put(content, UidField, AskedBy);
        if (IsDry)
        {
            content.Write([DryField]);
        }

        QueueFrame.Write(to, (byte)Verb, content.WrittenSpan);
    }

    /// <summary>Parses the content of a frame.</summary>
    /// <returns>Null if it is not a valid request.</returns>
    public static QueueRequest? Parse(byte verb, ReadOnlySpan<byte> content)
    {
        QueueSelection selection = new();
        HashSet<ulong> numbers = [];
        QueueRequest request = new((QueueVerb)verb, selection);
        QueueFieldReader reader = new(content);
        while (reader.HasMore)
        {
            byte field = reader.Byte();
            switch (field)
            {
                case NumberField:
                    numbers.Add(reader.Number64());
                    break;
                case SenderField:
                    selection = selection with { Sender = reader.Bytes() };
                    break;
                case RecipientField:
                    selection = selection with { Recipient = reader.Bytes() };
                    break;
                case DomainField:
                    selection = selection with { Domain = reader.Bytes() };
                    break;
                case DestinationField:
                    selection = selection with { Destination = reader.Bytes() };
                    break;
                case OlderField:
                    selection = selection with { OlderThan = Seconds(reader.Number64()) };
                    break;
                case YoungerField:
                    selection = selection with { YoungerThan = Seconds(reader.Number64()) };
                    break;
                case StateField:
                    selection = selection with { State = (ListedState)Small(reader.Number64()) };
                    break;
                case FromField:
                    selection = selection with { From = reader.Number64() };
                    break;
                case FromRecipientField:
                    selection = selection with { FromRecipient = Small(reader.Number64()) };
                    break;
                case MostField:
                    selection = selection with { Most = Small(reader.Number64()) };
                    break;
                case TextField:
                    request = request with { Text = reader.Bytes() };
                    break;
                case ToField:
                    request = request with { To = reader.Bytes() };
                    break;
                case ViaField:
                    request = request with { Via = reader.Bytes() };
                    break;
                case UidField:
                    request = request with { AskedBy = (uint)reader.Number64() };
                    break;
                case DryField:
                    request = request with { IsDry = true };
                    break;
                default:
                    return null;
            }
        }

        request = request with { Selection = selection with { Numbers = numbers } };
        return reader.IsSound && request.IsPossible ? request : null;
    }

    /// <summary>Whether it is about destinations, not about messages.</summary>
    public bool IsAboutDestinations => Verb is QueueVerb.Destinations
        or QueueVerb.PauseDestination or QueueVerb.ResumeDestination
        or QueueVerb.RetryDestination;

    private bool IsPossible =>
        Verbs.Contains(Verb)
        && (Verb != QueueVerb.PauseDestination || Selection.Destination is { Length: > 0 })
        && (Selection.Destination is not { } name || IsDestination(name))
        && Selection.Numbers.Count <= QueueSelection.NumbersMax
        && (!Selection.IsPage || Verb is QueueVerb.List or QueueVerb.Destinations)
        && Selection.State is null or <= ListedState.Held
        && Selection.Most is not 0
        && (Text is null || (Verb == QueueVerb.Bounce && Text.Length is > 0 and <= TextBytesMax
            && !Text.Contains((byte)0)))
        && (Verb == QueueVerb.Reroute) == (To is not null || Via is not null)
        && (To is null || (Via is null && IsAddress(To)))
        && (Via is not { Length: > 0 } via || via.AsSpan().SequenceEqual(StateRoutes.Parse(via)));

    /// <summary>Whether it is an address that the queue accepts, with a domain and without control
    /// characters.</summary>
    private static bool IsAddress(ReadOnlySpan<byte> address) =>
        address.Length < Envelope.AddressBytesMax
        && new Address(address).IsComplete
        && !address.ContainsAnyInRange((byte)0, (byte)' ') && !address.Contains((byte)127);

    private static bool IsDestination(ReadOnlySpan<byte> name) =>
        name.Length is > 0 and <= DestinationBytesMax
        && !name.ContainsAnyExceptInRange((byte)' ', (byte)'~');

    private static uint Small(ulong value) => (uint)Math.Min(value, uint.MaxValue);

    private static long Seconds(ulong value) => (long)Math.Min(value, int.MaxValue);

    private static void Put(ArrayBufferWriter<byte> to, byte field, byte[]? value)
    {
        if (value is not null)
        {
            to.Write([field]);
            QueueFrame.Put(to, value);
        }
    }

    private static void Put(ArrayBufferWriter<byte> to, byte field, ulong? value)
    {
        if (value is { } number)
        {
            to.Write([field]);
            QueueFrame.Put(to, number);
        }
    }
}
