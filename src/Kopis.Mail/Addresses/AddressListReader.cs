namespace Kopis.Mail.Addresses;

/// <summary>Finds the addresses of a list as qmail-inject does, token by token from the right
/// (contract §5.2). Where qmail stops, this class notes the fault and continues, so that no address
/// is missed. If the meaning is not certain, the list is unclear.</summary>
internal sealed class AddressListReader(List<AddressToken> tokens, AddressDefaults defaults)
{
    private static readonly AddressToken Comma = new(AddressTokenKind.Special, ","u8.ToArray());
    private static readonly AddressToken Right = new(AddressTokenKind.Special, ">"u8.ToArray());
    private static readonly AddressToken Left = new(AddressTokenKind.Special, "<"u8.ToArray());

    // All lists are in order from the right.
    private readonly List<AddressToken> _text = [];
    private readonly List<byte[]> _found = [];
    private readonly List<AddressToken> _address = [];
    private readonly List<AddressToken> _inside = []; // Comments within _address.
    private readonly List<AddressToken> _comments = []; // Those to its left, so far.

    private int _at = tokens.Count - 1;
    private int _groupEnd = -1; // The index in _text of our group's ; sign.
    private bool _isWordNext = true;
    private bool _isCommaDue;

    /// <summary>The completed list, from the left.</summary>
    internal List<AddressToken> Text => _text;

    /// <summary>The envelope addresses, from the left.</summary>
    internal List<byte[]> Addresses => _found;

    /// <summary>Whether the whole list conforms to the grammar.</summary>
    internal bool IsWhole { get; private set; } = true;

    /// <summary>Whether something is named that was not recognised as an address.</summary>
    internal bool IsUnclear { get; private set; }

    /// <summary>Parses the whole list.</summary>
    internal void Read()
    {
        while (_at >= 0)
        {
            AddressToken token = tokens[_at];
            switch (token.Kind)
            {
                case AddressTokenKind.Comment when _address.Count > 0:
                    _comments.Add(token);
                    _at--;
                    break;
                case AddressTokenKind.Comment:
                    Put(token);
                    _at--;
                    break;
                case AddressTokenKind.Special:
                    ReadSpecial(token);
                    break;
                default:
                    ReadWord(token);
                    break;
            }
        }

        EndAddress(splits: false);
        DropGroupEnd();
        _text.RemoveAll(token => token.Raw is null);
        _text.Reverse();
        _found.Reverse();
    }

    private void ReadSpecial(AddressToken token)
    {
        switch (token.Raw[0])
        {
            case (byte)',':
                EndAddress(splits: false);
                _isCommaDue = _text.Count > 0 && _text.Count - 1 != _groupEnd;
                _at--;
                break;
            case (byte)';':
                EndGroup(token);
                break;
            case (byte)':':
                BeginGroup();
                break;
            case (byte)'>':
                ReadAngle();
                break;
            case (byte)'<':
                OpenAngle();
                break;
            default:
                Extend(token);
                _isWordNext = true;
                break;
        }
    }

    private void ReadWord(AddressToken token)
    {
        if (!_isWordNext)
        {
            EndAddress(splits: true); // A word to the left of a word is another address.
        }

        Extend(token);
        _isWordNext = false;
    }

    private void Extend(AddressToken token)
    {
        _inside.AddRange(_comments);
        _comments.Clear();
        _address.Add(token);
        _at--;
    }

    private void EndAddress(bool splits)
    {
        if (_address.Count > 0)
        {
            PutAll(_inside);
            _address.Reverse();
            PutAddress(_address);
            _address.Clear();
            _isCommaDue |= splits;
            PutAll(_comments);
        }

        _isWordNext = true;
    }

    /// <summary>Handles <c>&gt;</c>: the address extends to the next <c>&lt;</c>.</summary>
    private void ReadAngle()
    {
        EndAddress(splits: true);
        int open = _at - 1;
        while (open >= 0 && !tokens[open].Is('<') && !tokens[open].Is('>'))
        {
            open--;
        }

        if (open < 0 || tokens[open].Is('>'))
        {
            // No bracket opened it. What is to its left is an address all the same, if it is a
            // single one.
            int start = PartStart(_at);
            IsWhole = false;
            IsUnclear |= start == _at || HasNeighbours(tokens[start.._at]);
            _at--;
            return;
        }

        List<AddressToken> inner = tokens[(open + 1).._at];
        for (int i = inner.Count - 1; i >= 0; i--)
        {
            if (inner[i].Kind == AddressTokenKind.Comment)
            {
                Put(inner[i]);
            }
        }

        inner.RemoveAll(token => token.Kind == AddressTokenKind.Comment);
        _at = open;
        CloseAngle(inner);
    }

    /// <summary>Handles <c>&lt;</c> that nothing closed.</summary>
    private void OpenAngle()
    {
        List<AddressToken> inner = [.. _address];
        inner.Reverse();
        _address.Clear();
        PutAll(_inside);
        PutAll(_comments);
        IsUnclear |= inner.Count == 0;
        CloseAngle(inner);
    }

    private void CloseAngle(List<AddressToken> inner)
    {
        Put(Right);
        if (inner.Count == 0)
        {
            _found.Add([]);
        }
        else
        {
            PutAddress(inner);
        }

        _text.Add(Left);
        _at--;
        while (_at >= 0 && IsPhrase(_at))
        {
            _text.Add(tokens[_at--]);
        }

        _isCommaDue = true;
        _isWordNext = true;
    }

    private bool IsPhrase(int at) => tokens[at].Kind switch
    {
        AddressTokenKind.Special => tokens[at].Is('@') || tokens[at].Is('.'),
        AddressTokenKind.Literal => at == 0 || !tokens[at - 1].Is('@'), // [List] Joe <joe@h>
        _ => true,
    };

    /// <summary>Handles <c>;</c>, which ends a group if a colon follows to the left.</summary>
    private void EndGroup(AddressToken token)
    {
        EndAddress(splits: false);
        DropGroupEnd();
        _isCommaDue = _text.Count > 0;
        Put(token);
        _groupEnd = _text.Count - 1;
        _at--;
    }

    private void DropGroupEnd()
    {
        if (_groupEnd >= 0)
        {
            _text[_groupEnd] = default; // Separates, as a comma does.
            if (_groupEnd == _text.Count - 1)
            {
                _text.RemoveAt(_groupEnd);
            }
        }

        _groupEnd = -1;
    }

    /// <summary>Handles <c>:</c>: to its left is a group's name, or a route.</summary>
    private void BeginGroup()
    {
        EndAddress(splits: false);
        int start = PartStart(_at);
        if (_groupEnd < 0)
        {
            IsWhole = false; // A group without an end, or a route without brackets.
            IsUnclear |= NamesAddress(tokens[start.._at]);
            while (start > 1 && IsRoute(start) && IsRoute(PartStart(start - 1))
                && tokens[start - 1].Is(','))
            {
                start = PartStart(start - 1);
            }
        }
        else
        {
            // As in qmail, an address may be a name, but not something that could be an address and
            // a name.
            List<AddressToken> name = tokens[start.._at];
            IsUnclear |= NamesAddress(name) && HasNeighbours(name);
        }

        _groupEnd = -1;
        while (_at >= start)
        {
            _text.Add(tokens[_at--]);
        }

        _isCommaDue = true;
    }

    /// <summary>The start of the part that ends before a token: after a separator.</summary>
    private int PartStart(int end)
    {
        int start = end;
        while (start > 0 && !tokens[start - 1].Is(',') && !tokens[start - 1].Is(';')
            && !tokens[start - 1].Is('>'))
        {
            start--;
        }

        return start;
    }

    private bool IsRoute(int start)
    {
        while (start < tokens.Count && tokens[start].Kind == AddressTokenKind.Comment)
        {
            start++;
        }

        return start < tokens.Count && tokens[start].Is('@');
    }

    private static bool NamesAddress(List<AddressToken> part)
    {
        int at = part.FindIndex(1 <= part.Count ? 1 : 0, token => token.Is('@'));
        return part.Exists(token => token.Is('<')) || (at > 0 && !part[at - 1].Is(':'));
    }

    /// <summary>Whether there are words side by side, or characters that belong to no address.
    /// </summary>
    private static bool HasNeighbours(List<AddressToken> part)
    {
        bool wasWord = false;
        foreach (AddressToken token in part)
        {
            bool isWord = token.Kind is not AddressTokenKind.Special;
            if (token.Kind == AddressTokenKind.Comment)
            {
                continue;
            }

            if ((isWord && wasWord) || (!isWord && !token.Is('@') && !token.Is('.')))
            {
                return true;
            }

            wasWord = isWord;
        }

        return false;
    }

    private void PutAll(List<AddressToken> comments)
    {
        comments.ForEach(Put);
        comments.Clear();
    }

    private void Put(AddressToken token)
    {
        if (_isCommaDue)
        {
            _text.Add(Comma);
            _isCommaDue = false;
        }

        _text.Add(token);
    }

    /// <summary>Completes an address, given from the left and without comments, records it for the
    /// envelope, and writes it.</summary>
    private void PutAddress(List<AddressToken> tokens)
    {
        int colon = tokens[0].Is('@') ? tokens.FindIndex(token => token.Is(':')) : -1;
        List<AddressToken> address = tokens[(colon + 1)..];
        TrimEnd(address, '.');
        TrimEnd(address, '@');
        int at = address.FindLastIndex(token => token.Is('@'));
        List<AddressToken> box = at < 0 ? address : address[..at];
        if (colon >= 0 && address.Count == 0)
        {
            _found.Add([]); // <@route:> means <>.
            return;
        }

        if (HasNeighbours(address) || box.TrueForAll(t => t.Kind == AddressTokenKind.Special)
            || address.Exists(token => token.Raw.AsSpan().Contains((byte)0)))
        {
            IsUnclear = true;
            address.Reverse();
            address.ForEach(Put);
            return;
        }

        List<AddressToken>? host = at < 0 ? null : address[(at + 1)..];
        _found.Add([.. Join(box, t => t.Value), (byte)'@', .. Host(host, t => t.Value)]);
        Put(new AddressToken(AddressTokenKind.Quote,
            [.. Join(box, t => t.Text), (byte)'@', .. Host(host, t => t.Text)]));
    }

    private byte[] Host(List<AddressToken>? tokens, Func<AddressToken, byte[]> bytes)
    {
        byte[] host = tokens is null ? defaults.Host : Join(tokens, bytes);
        return tokens is [{ Kind: AddressTokenKind.Literal, Raw.Length: 2 }]
            ? host // box@[]
            : AddressList.CompleteHost(host, defaults);
    }

    private static byte[] Join(List<AddressToken> tokens, Func<AddressToken, byte[]> bytes) =>
        tokens is [AddressToken only] ? bytes(only) : [.. tokens.SelectMany(bytes)];

    private static void TrimEnd(List<AddressToken> tokens, char special)
    {
        if (tokens.Count > 1 && tokens[^1].Is(special))
        {
            tokens.RemoveAt(tokens.Count - 1);
        }
    }
}
