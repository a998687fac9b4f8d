using System.Buffers;
using System.Text;

namespace Kopis.Mail.Authentication.Dkim;

/// <summary>
/// Signs a message (RFC 6376 §5) with several keys in one pass: the body is hashed once. The
/// message goes through <see cref="MessageReader"/>, which has this as its parts; then
/// <see cref="Sign"/> gives the fields to put before it.
/// </summary>
/// <param name="form">The form of header and body: relaxed, unless a test wants the other.</param>
public sealed class DkimSigner(CanonicalForm form = CanonicalForm.Relaxed)
    : IMessageParts, IDisposable
{
    private const int ColumnsMax = 76; // RFC 5322 §2.1.1 has 78.
    private const int FieldsOfNameMax = 20; // Of one name; those above are not signed.
    private const int TextUsual = 512;

    /// <summary>Signed once more than they occur, so that none can be added (RFC 6376 §8.15).
    /// </summary>
    private static readonly byte[][] Closed = Names(
        "From", "Reply-To", "To", "Cc", "Subject", "Date", "Message-ID", "In-Reply-To",
        "References", "MIME-Version", "Content-Type", "Content-Transfer-Encoding");

    /// <summary>Of these, the ones that a relay on the way may add where they are missing (RFC 6409
    /// §8.2, §8.3): signed as missing, such a message would fail behind Postfix.</summary>
    private static readonly byte[][] AddedByRelays = Names("Date", "Message-ID");

    /// <summary>Signed where they are: what RFC 6376 §5.4.1 names and RFC 8058 §4 wants covered.
    /// Lists add and change the List-… fields, so more of them may come.</summary>
    private static readonly byte[][] Open = Names(
        "Sender", "Content-Disposition", "Content-ID", "Content-Description", "List-Id",
        "List-Help", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Subscribe", "List-Post",
        "List-Owner", "List-Archive", "Feedback-ID", "Autocrypt");

    private readonly BodyHash _hash = new([]);
    private CanonicalBody? _body;
    private MessageHeader? _header;
    private bool _isEnded;

    /// <summary>Whether the message can be signed: its header has exactly one From, and was within
    /// the limits. A header that is broken is not signed either: others may see another one.
    /// </summary>
    public bool CanSign => _header is { IsTooLarge: false, IsBroken: false }
        && _header.Count("From"u8) == 1;

    /// <inheritdoc/>
    public void OnHeader(MessageHeader header)
    {
        _header = header;
        _body = new CanonicalBody(form, _hash);
    }

    /// <inheritdoc/>
    public void OnBodyText(ReadOnlySpan<byte> text) => _body!.Text(text);

    /// <inheritdoc/>
    public void OnBodyLineEnd() => _body!.LineEnd();

    /// <summary>Makes the fields, when the message has been read to its end.</summary>
    /// <param name="keys">The keys, which the message's own header may have decided; each makes a
    /// signature, in this order from the top.</param>
    /// <param name="now">t=: when it is signed.</param>
    /// <param name="lifetime">x=: for how long it is good; null for ever.</param>
    /// <param name="to">Gets the fields, in lines that end in LF.</param>
    /// <returns>False, with nothing written, where the message cannot be signed.</returns>
    public bool Sign(
        IReadOnlyList<DkimSigningKey> keys,
        DateTimeOffset now,
        TimeSpan? lifetime,
        IBufferWriter<byte> to)
    {
        if (!CanSign)
        {
            return false;
        }

        if (!_isEnded)
        {
            _isEnded = true;
            _body!.End();
        }

        using SignedHeader signed = new(_header!);
        List<byte[]> names = NamesFor(signed);
        string bodyHash = Convert.ToBase64String(_hash.Get(null)!);
        string words = WordsOf(names);
        foreach (DkimSigningKey key in keys)
        {
            byte[] field = Encoding.ASCII.GetBytes(Field(key, words, bodyHash, now, lifetime));
            const int ValueStart = 15; // Behind "DKIM-Signature:".
            byte[] value = key.Sign(signed.Hash(names, field, ValueStart, form));
            WriteField(field, Convert.ToBase64String(value), to);
        }

        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => _hash.Dispose();

    private static byte[][] Names(params ReadOnlySpan<string> names)
    {
        byte[][] bytes = new byte[names.Length][];
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = Encoding.ASCII.GetBytes(names[i]);
        }

        return bytes;
    }

    private static List<byte[]> NamesFor(SignedHeader signed)
    {
        List<byte[]> names = new(Closed.Length + Open.Length);
        foreach (byte[] name in Closed)
        {
            int count = Math.Min(signed.Count(name), FieldsOfNameMax);
            bool isFree = count == 0 && Array.Exists(AddedByRelays, one => one.SequenceEqual(name));
            Add(names, name, isFree ? 0 : count + 1);
        }

        foreach (byte[] name in Open)
        {
            Add(names, name, Math.Min(signed.Count(name), FieldsOfNameMax));
        }

        return names;
    }

    private static void Add(List<byte[]> names, byte[] name, int count)
    {
        for (int i = 0; i < count; i++)
        {
            names.Add(name);
        }
    }

    /// <summary>h=, a space before each name but none before the first.</summary>
    private static string WordsOf(List<byte[]> names)
    {
        StringBuilder text = new("h=", TextUsual);
        for (int i = 0; i < names.Count; i++)
        {
            text.Append(Encoding.ASCII.GetString(names[i]))
                .Append(i == names.Count - 1 ? ";" : ": ");
        }

        return text.ToString();
    }

    /// <summary>The field up to <c>b=</c>, folded with CRLF.</summary>
    private string Field(
        DkimSigningKey key,
        string names,
        string bodyHash,
        DateTimeOffset now,
        TimeSpan? lifetime)
    {
        string word = form == CanonicalForm.Relaxed ? "relaxed" : "simple";
        long time = now.ToUnixTimeSeconds();
        StringBuilder text = new("DKIM-Signature:", TextUsual);
        int column = text.Length;
        Put(text, ref column, $" v=1; a={key.AlgorithmText}; c={word}/{word};");
        Put(text, ref column, $" d={key.Domain};");
        Put(text, ref column, $" s={key.Selector};");
        Put(text, ref column, lifetime is { } some
            ? $" t={time}; x={time + (long)some.TotalSeconds};" : $" t={time};");
        bool isFirst = true;
        foreach (Range place in names.AsSpan().Split(' '))
        {
            Put(text, ref column, names.AsSpan()[place], withSpace: isFirst);
            isFirst = false;
        }

        Put(text, ref column, $" bh={bodyHash};");
        Put(text, ref column, " b=");
        return text.ToString();
    }

    private static void Put(
        StringBuilder text, ref int column, ReadOnlySpan<char> piece, bool withSpace = false)
    {
        int length = piece.Length + (withSpace ? 1 : 0);
        if (column + length > ColumnsMax)
        {
            text.Append("\r\n\t");
            piece = piece.TrimStart(' ');
            text.Append(piece);
            column = 8 + piece.Length;
            return;
        }

        text.Append(withSpace ? " " : "").Append(piece);
        column += length;
    }

    /// <summary>Writes the field with its value: a line goes on where the last one ends.</summary>
    private static void WriteField(
        ReadOnlySpan<byte> field, ReadOnlySpan<char> value, IBufferWriter<byte> to)
    {
        int column = field.Length - field.LastIndexOf((byte)'\n') - 1 + 7;
        foreach (Range line in field.Split((byte)'\r'))
        {
            to.Write(field[line]);
        }

        while (value.Length > 0)
        {
            int part = Math.Clamp(ColumnsMax - column, 0, value.Length);
            Encoding.ASCII.GetBytes(value[..part], to);
            value = value[part..];
            to.Write(value.Length > 0 ? "\n\t"u8 : ""u8);
            column = 8;
        }

        to.Write("\n"u8);
    }
}
