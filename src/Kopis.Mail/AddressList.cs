using System.Buffers;
using Kopis.Base;

namespace Kopis.Mail;

/// <summary>
/// An address-list header field, completed as qmail-inject does it (contract §5.2): its new body,
/// and the envelope addresses in it, in order.
/// </summary>
public sealed class AddressList
{
    private const int LineMax = 80;

    private readonly AddressDefaults _defaults;
    private readonly List<byte[]> _items = [];
    private readonly List<byte[]> _addresses = [];
    private readonly ArrayBufferWriter<byte> _prefix = new();
    private bool _inGroup;

    private AddressList(AddressDefaults defaults) => _defaults = defaults;

    /// <summary>The envelope addresses: unquoted, complete.</summary>
    public IReadOnlyList<byte[]> Addresses => _addresses;

    /// <summary>Reads a field's body; null where it is no address list.</summary>
    public static AddressList? Parse(ReadOnlySpan<byte> body, AddressDefaults defaults)
    {
        if (AddressToken.Cut(body) is not { } tokens)
        {
            return null;
        }

        AddressList list = new(defaults);
        return list.Read(tokens) ? list : null;
    }

    /// <summary>Completes one address that stands alone, all of its box literal.</summary>
    /// <returns>Null where it is no address.</returns>
    public static byte[]? Complete(ReadOnlySpan<byte> address, AddressDefaults defaults)
    {
        AddressList? list = Parse(AddressQuote.Quote(address), defaults);
        return list is { Addresses: [byte[] only] } ? only : null;
    }

    /// <summary>Writes the field, folded after commas where a line would pass 80 columns.</summary>
    public void WriteField(IBufferWriter<byte> to, ReadOnlySpan<byte> name)
    {
        to.Write(name);
        to.Write(": "u8);
        int column = name.Length + 2;
        for (int i = 0; i < _items.Count; i++)
        {
            byte[] item = _items[i];
            bool last = i == _items.Count - 1;
            bool closes = item is [(byte)';'];
            if (i > 0 && !closes && column + 1 + item.Length + (last ? 0 : 1) > LineMax)
            {
                to.Write("\n  "u8);
                column = 2;
            }
            else if (i > 0 && !closes)
            {
                to.Write(" "u8);
                column++;
            }

            to.Write(item);
            bool comma = !last && item is not [.., (byte)':'] && _items[i + 1] is not [(byte)';'];
            to.Write(comma ? ","u8 : ""u8);
            column += item.Length + (comma ? 1 : 0);
        }

        to.Write("\n"u8);
    }

    private bool Read(List<AddressToken> tokens)
    {
        int start = 0;
        for (int i = 0; i <= tokens.Count; i++)
        {
            bool end = i == tokens.Count;
            if (!end && tokens[i].Is('<'))
            {
                i = SkipRoute(tokens, i);
                if (i < 0)
                {
                    return false;
                }

                end = i == tokens.Count;
            }

            if (!end && !tokens[i].Is(',') && !tokens[i].Is(';') && !tokens[i].Is(':'))
            {
                continue;
            }

            List<AddressToken> element = tokens[start..i];
            if (!(end ? AddElement(element) : Separate(element, tokens[i])))
            {
                return false;
            }

            start = i + 1;
        }

        return true;
    }

    /// <summary>The token at the closing bracket, so that a route's commas do not separate; an
    /// unclosed one goes to the end.</summary>
    private static int SkipRoute(List<AddressToken> tokens, int open)
    {
        for (int i = open + 1; i < tokens.Count; i++)
        {
            if (tokens[i].Is('>'))
            {
                return i;
            }

            if (tokens[i].Is('<'))
            {
                return -1;
            }
        }

        return tokens.Count;
    }

    private bool Separate(List<AddressToken> element, AddressToken separator)
    {
        if (separator.Is(':'))
        {
            if (_inGroup || element.Any(token => token.Is('@')))
            {
                return false;
            }

            _inGroup = true;
            _items.Add([.. Words(element), (byte)':']);
            return true;
        }

        if (!AddElement(element))
        {
            return false;
        }

        if (separator.Is(';') && _inGroup)
        {
            _inGroup = false;
            _items.Add(";"u8.ToArray());
        }

        return true;
    }

    private bool AddElement(List<AddressToken> element)
    {
        int open = element.FindIndex(token => token.Is('<'));
        int close = element.FindIndex(token => token.Is('>'));
        if (open < 0 || (close >= 0 && close < open))
        {
            return close < 0 && AddBare(element); // A > without its <.
        }

        AddRoute(element, open);
        return true;
    }

    /// <summary><c>Phrase &lt;address&gt; (comment)</c></summary>
    private void AddRoute(List<AddressToken> element, int open)
    {
        int close = element.FindIndex(token => token.Is('>'));
        close = close < 0 ? element.Count : close;
        List<AddressToken> inner = element[(open + 1)..close];
        int colon = inner.FindIndex(token => token.Is(':'));
        if (colon >= 0 && inner[0].Is('@'))
        {
            inner = inner[(colon + 1)..]; // A source route.
        }

        byte[] phrase = Words(element[..open]);
        byte[] after = close < element.Count ? Words(element[(close + 1)..]) : [];
        byte[] address = inner.Count == 0 ? [] : Rewrite(inner);
        if (inner.Count == 0)
        {
            _addresses.Add([]);
        }

        _items.Add([.. phrase, .. phrase.Length > 0 ? " "u8 : [], (byte)'<', .. address,
            (byte)'>', .. after]);
    }

    /// <summary>Addresses without brackets: words that no dot or at sign joins are each their own.
    /// </summary>
    private bool AddBare(List<AddressToken> element)
    {
        List<AddressToken> current = [];
        int before = _items.Count;
        _prefix.ResetWrittenCount();
        ArrayBufferWriter<byte> comments = new(); // Behind the last item; put there all at once.
        foreach (AddressToken token in element)
        {
            if (token.Kind == AddressTokenKind.Comment)
            {
                if (current.Count > 0)
                {
                    EndBare(current, token.Raw);
                }
                else if (_items.Count > before)
                {
                    comments.Write(" "u8);
                    comments.Write(token.Raw);
                }
                else
                {
                    _prefix.Write(token.Raw);
                    _prefix.Write(" "u8);
                }

                continue;
            }

            bool joins = token.Kind == AddressTokenKind.Special || current.Count == 0
                || current[^1].Kind == AddressTokenKind.Special;
            if (!joins)
            {
                EndBare(current, null);
            }

            AppendToLast(comments);
            current.Add(token);
        }

        AppendToLast(comments);

        if (current.Count > 0)
        {
            EndBare(current, null);
        }

        return true;
    }

    private void AppendToLast(ArrayBufferWriter<byte> comments)
    {
        if (comments.WrittenCount > 0)
        {
            _items[^1] = [.. _items[^1], .. comments.WrittenSpan];
            comments.ResetWrittenCount();
        }
    }

    private void EndBare(List<AddressToken> current, byte[]? comment)
    {
        byte[] address = Rewrite(current);
        _items.Add([.. _prefix.WrittenSpan, .. address,
            .. comment is null ? [] : (byte[])[(byte)' ', .. comment]]);
        _prefix.ResetWrittenCount();
        current.Clear();
    }

    /// <summary>Completes an address; notes it for the envelope; returns it as header text.
    /// </summary>
    private byte[] Rewrite(List<AddressToken> tokens)
    {
        List<AddressToken> address = [.. tokens.Where(t => t.Kind != AddressTokenKind.Comment)];
        TrimEnd(address, '.');
        TrimEnd(address, '@');
        int at = address.FindLastIndex(token => token.Is('@'));
        List<AddressToken> box = at < 0 ? address : address[..at];
        byte[] host = at < 0 ? _defaults.Host : Join(address[(at + 1)..], raw: true);
        host = host.AsSpan().SequenceEqual("[]"u8) ? host : CompleteHost(host, _defaults);
        _addresses.Add([.. Join(box, raw: false), (byte)'@', .. host]);
        return [.. Join(box, raw: true), (byte)'@', .. host];
    }

    /// <summary>A host with what qmail-inject puts behind it.</summary>
    internal static byte[] CompleteHost(byte[] host, AddressDefaults defaults)
    {
        if (host is [.., (byte)'+'])
        {
            host = [.. host[..^1], (byte)'.', .. defaults.PlusDomain];
        }

        bool complete = host.AsSpan().Contains((byte)'.') || host is [(byte)'[', ..];
        return complete ? host : [.. host, (byte)'.', .. defaults.Domain];
    }

    private static void TrimEnd(List<AddressToken> tokens, char special)
    {
        if (tokens.Count > 1 && tokens[^1].Is(special))
        {
            tokens.RemoveAt(tokens.Count - 1);
        }
    }

    private static byte[] Join(IEnumerable<AddressToken> tokens, bool raw)
    {
        ArrayBufferWriter<byte> joined = new();
        foreach (AddressToken token in tokens)
        {
            joined.Write(raw ? token.Raw : token.Value);
        }

        return joined.WrittenSpan.ToArray();
    }

    /// <summary>A phrase: words apart by one space, dots and the like as they are.</summary>
    private static byte[] Words(List<AddressToken> tokens)
    {
        ArrayBufferWriter<byte> text = new();
        for (int i = 0; i < tokens.Count; i++)
        {
            bool apart = i > 0 && tokens[i].Kind != AddressTokenKind.Special
                && tokens[i - 1].Kind != AddressTokenKind.Special;
            text.Write(apart ? " "u8 : ""u8);
            text.Write(tokens[i].Raw);
        }

        return text.WrittenSpan.ToArray();
    }
}
