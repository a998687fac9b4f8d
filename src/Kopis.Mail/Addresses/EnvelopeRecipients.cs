using Kopis.Base;
using Kopis.Mail.Dsn;

namespace Kopis.Mail.Addresses;

/// <summary>
/// The recipients of an envelope while it is being said, each once
/// (<see cref="Address.AreSame"/>). Nothing is allocated for a message of a few.
/// </summary>
/// <param name="envelope">Has the sender's records when the first recipient comes.</param>
internal sealed class EnvelopeRecipients(EnvelopeText envelope)
{
    private const int FewMax = 8; // Up to this number are compared one by one.
    private const int FoldedBytesMax = 2048;

    private int[] _places = []; // 1 + where a record begins, by the hash of its address.
    private int _start;

    /// <summary>How many recipients there are.</summary>
    internal int Count { get; private set; }

    /// <summary>The length of their records in bytes.</summary>
    internal int Bytes => Count == 0 ? 0 : envelope.Count - _start;

    /// <summary>Removes all recipients, for the next message.</summary>
    internal void Clear()
    {
        Count = 0;
        _places = [];
    }

    /// <summary>The offset of the record of an address; -1 if the address is not among them.
    /// </summary>
    internal int Find(ReadOnlySpan<byte> address)
    {
        if (Count > FewMax)
        {
            return _places[PlaceOf(address)] - 1;
        }

        int at = _start;
        for (int i = 0; i < Count; i++, at = After(at))
        {
            if (Address.AreSame(AddressAt(at), address))
            {
                return at;
            }
        }

        return -1;
    }

    /// <summary>Adds an address that is not among them.</summary>
    internal void Add(
        ReadOnlySpan<byte> address, ReadOnlySpan<byte> suffix, ReadOnlySpan<byte> parameters)
    {
        int at = envelope.Count;
        _start = Count == 0 ? at : _start;
        envelope.Add((byte)'T', address, suffix);
        envelope.AddParameters(parameters);
        Count++;
        if (Count > FewMax)
        {
            if (2 * Count > _places.Length)
            {
                Index();
            }
            else
            {
                _places[PlaceOf(AddressAt(at))] = at + 1;
            }
        }
    }

    /// <summary>The addresses, in order.</summary>
    internal List<byte[]> ToList()
    {
        List<byte[]> all = new(Count);
        int at = _start;
        for (int i = 0; i < Count; i++, at = After(at))
        {
            all.Add(AddressAt(at).ToArray());
        }

        return all;
    }

    /// <summary>The offset of the nth record, from 0.</summary>
    internal int Nth(int number)
    {
        int at = _start;
        for (int i = 0; i < number; i++)
        {
            at = After(at);
        }

        return at;
    }

    /// <summary>The parameters of the recipient whose record is at an offset.</summary>
    internal RecipientParameters ParametersAt(int at)
    {
        (int start, int length) = ParametersOf(at);
        return length > 0 && RecipientParameters.TryParse(
            envelope.Written.Slice(start + 1, length - 2), out RecipientParameters said)
                ? said : default;
    }

    /// <summary>Replaces its parameters.</summary>
    internal void SetParametersAt(int at, RecipientParameters parameters)
    {
        (int start, int length) = ParametersOf(at);
        ReadOnlySpan<byte> record =
            parameters.IsEmpty ? [] : [(byte)'P', .. parameters.ToBytes(), 0];
        if (!envelope.Written.Slice(start, length).SequenceEqual(record))
        {
            envelope.Replace(start, length, record);
            if (Count > FewMax)
            {
                Index(); // The following records have moved.
            }
        }
    }

    private void Index()
    {
        _places = new int[4 * Count];
        int at = _start;
        for (int i = 0; i < Count; i++, at = After(at))
        {
            _places[PlaceOf(AddressAt(at))] = at + 1;
        }
    }

    // The slot of the address, or the free slot where it would go. At least half of the slots are
    // free.
    private int PlaceOf(ReadOnlySpan<byte> address)
    {
        int place = (int)((uint)HashOf(address) % (uint)_places.Length);
        while (_places[place] != 0
            && !Address.AreSame(AddressAt(_places[place] - 1), address))
        {
            place = place + 1 == _places.Length ? 0 : place + 1;
        }

        return place;
    }

    // HashCode has a random seed for each process, so nobody can choose addresses that collide.
    private static int HashOf(ReadOnlySpan<byte> address)
    {
        Address parts = new(address);
        ReadOnlySpan<byte> domain = parts.AtDomain;
        Span<byte> folded = domain.Length <= FoldedBytesMax
            ? stackalloc byte[FoldedBytesMax] : new byte[domain.Length];
        for (int i = 0; i < domain.Length; i++)
        {
            folded[i] = Ascii8.ToLower(domain[i]);
        }

        HashCode hash = default;
        hash.AddBytes(parts.Local);
        hash.AddBytes(folded[..domain.Length]);
        return hash.ToHashCode();
    }

    private ReadOnlySpan<byte> AddressAt(int at)
    {
        ReadOnlySpan<byte> rest = envelope.Written[(at + 1)..];
        return rest[..rest.IndexOf((byte)0)];
    }

    private (int Start, int Length) ParametersOf(int at)
    {
        int start = at + AddressAt(at).Length + 2;
        ReadOnlySpan<byte> rest = envelope.Written[start..];
        return (start, rest is [(byte)'P', ..] ? rest.IndexOf((byte)0) + 1 : 0);
    }

    private int After(int at)
    {
        (int start, int length) = ParametersOf(at);
        return start + length;
    }
}
