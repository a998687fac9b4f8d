using System.Buffers;

namespace Kopis.Mail.Addresses;

/// <summary>An address list in a header field, parsed and completed as qmail-inject does it
/// (contract §5.2): its new body, and its envelope addresses in order.</summary>
public sealed class AddressList
{
    /// <summary>qmail-inject's limit of 80 columns, two of which it counts for the end of the line.
    /// </summary>
    private const int LineBytesMax = 78;

    private readonly List<AddressToken> _tokens;

    private AddressList(AddressListReader reader)
    {
        _tokens = reader.Text;
        Addresses = reader.Addresses;
        IsWhole = reader.IsWhole;
        IsUnclear = reader.IsUnclear;
    }

    private AddressList()
    {
        _tokens = [];
        Addresses = [];
        IsUnclear = true;
    }

    /// <summary>The envelope addresses, unquoted and complete. The address of <c>&lt;&gt;</c> is
    /// empty.</summary>
    public IReadOnlyList<byte[]> Addresses { get; }

    /// <summary>Whether the body conforms to the grammar of lists. Otherwise it is not rewritten,
    /// whatever addresses were found.</summary>
    public bool IsWhole { get; }

    /// <summary>Whether something is named that is not among the addresses.</summary>
    public bool IsUnclear { get; }

    /// <summary>Parses a field's body as far as possible.</summary>
    public static AddressList Read(ReadOnlySpan<byte> body, AddressDefaults defaults)
    {
        if (AddressToken.Cut(body) is not { } tokens)
        {
            return new AddressList();
        }

        AddressListReader reader = new(tokens, defaults);
        reader.Read();
        return new AddressList(reader);
    }

    /// <summary>Completes a single address, whose local part is taken literally.</summary>
    /// <returns>Null if the text is not an address.</returns>
    public static byte[]? Complete(ReadOnlySpan<byte> address, AddressDefaults defaults) =>
        Read(AddressQuote.Quote(address), defaults) is
        { IsWhole: true, IsUnclear: false, Addresses: [{ Length: > 0 } only] }
            ? only
            : null;

    /// <summary>Writes the field, folded after commas where qmail-inject folds it.</summary>
    public void WriteField(IBufferWriter<byte> to, ReadOnlySpan<byte> name)
    {
        to.Write(name);
        to.Write(":"u8);
        int column = name.Length + 1;
        bool isFirst = true;
        ArrayBufferWriter<byte> piece = new(); // The tokens between two commas.
        for (int i = 0; i < _tokens.Count; i++)
        {
            bool apart = i == 0 || NeedsSpace(_tokens[i - 1], _tokens[i]);
            piece.Write(apart ? " "u8 : ""u8);
            piece.Write(_tokens[i].Text);
            if (i < _tokens.Count - 1 && !_tokens[i].Is(','))
            {
                continue;
            }

            bool folds = !isFirst && column + piece.WrittenCount > LineBytesMax;
            to.Write(folds ? "\n "u8 : ""u8);
            to.Write(piece.WrittenSpan);
            column = (folds ? 1 : column) + piece.WrittenCount;
            piece.ResetWrittenCount();
            isFirst = false;
        }

        to.Write("\n"u8);
    }

    /// <summary>A host, completed as by qmail-inject.</summary>
    internal static byte[] CompleteHost(byte[] host, AddressDefaults defaults)
    {
        if (host is [.., (byte)'+'])
        {
            host = [.. host[..^1], (byte)'.', .. defaults.PlusDomain];
        }

        bool complete = host.AsSpan().Contains((byte)'.') || host is [(byte)'[', ..];
        return complete ? host : [.. host, (byte)'.', .. defaults.Domain];
    }

    private static bool NeedsSpace(AddressToken left, AddressToken right) =>
        left.Is(':') || left.Is(',') || right.Is('<')
        || (left.Kind != AddressTokenKind.Special && right.Kind != AddressTokenKind.Special);
}
