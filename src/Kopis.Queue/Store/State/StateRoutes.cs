using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Kopis.Queue.Store.State;

/// <summary>The routes that administrators have given to recipients: <c>HOST:PORT</c>, each with a
/// number. queue/state stores a text as its length and pieces of eight bytes, so that a text with a
/// missing piece is not mistaken for another.</summary>
public sealed class StateRoutes
{
    /// <summary>The number of the usual route, which has no text.</summary>
    public const ushort Usual = 0;

    /// <summary>How many texts there may be. A text that is not used is dropped with the next
    /// snapshot.</summary>
    public const int RoutesMax = 1000;

    /// <summary>The longest text.</summary>
    public const int TextBytesMax = 255;

    private const int PieceBytes = sizeof(long);
    private const int PieceBits = 8; // The low bits of a record's number.
    private const int SmtpPort = 25;

    private static readonly SearchValues<byte> HostBytes = SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyz0123456789.-_:"u8);

    private readonly SortedDictionary<ushort, byte[]> _pieces = []; // Length, text, zeros.

    /// <summary>Whether there are no routes.</summary>
    public bool IsEmpty => _pieces.Count == 0;

    /// <summary>The records that store all texts.</summary>
    public IReadOnlyList<StateRecord> Records => [.. _pieces.Keys.SelectMany(RecordsOf)];

    /// <summary>Parses a route that an administrator has written: HOST, HOST:PORT, or with an IPv6
    /// address in brackets.</summary>
    /// <returns>The stored form; null if it is not a route.</returns>
    public static byte[]? Parse(ReadOnlySpan<byte> text)
    {
        string place = Encoding.Latin1.GetString(text).ToLowerInvariant();
        int bracket = place.StartsWith('[') ? place.IndexOf(']') : 0;
        int colon = bracket < 0 ? -1 : place.IndexOf(':', bracket);
        string host = colon < 0 ? place : place[..colon];
        int port = SmtpPort;
        bool isSound = bracket >= 0 && host.Length > 0 && (colon < 0 || (int.TryParse(
            place.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port)
            && port is > 0 and <= ushort.MaxValue));
        ReadOnlySpan<char> name = bracket > 0 ? host.AsSpan(1, host.Length - 2) : host;
        byte[] kept = Encoding.Latin1.GetBytes($"{host}:{port}");
        return isSound && name.Length > 0 && (bracket == 0 || host.Length == bracket + 1)
            && kept.Length <= TextBytesMax
            && !Encoding.Latin1.GetBytes(name.ToString()).AsSpan().ContainsAnyExcept(HostBytes)
                ? kept : null;
    }

    /// <summary>The text of a number; null if there is none, or it was damaged.</summary>
    public byte[]? Find(ushort route)
    {
        ReadOnlySpan<byte> text = _pieces.TryGetValue(route, out byte[]? pieces)
            ? TextOf(pieces) : [];
        return text.IsEmpty ? null : text.ToArray();
    }

    /// <summary>The number of a text, which is added if it is new.</summary>
    /// <param name="text">The text in the form that <see cref="Parse"/> returns.</param>
    /// <param name="added">The records to write; none if the text was known.</param>
    /// <returns>Null if there are too many texts.</returns>
    public ushort? Add(ReadOnlySpan<byte> text, out IReadOnlyList<StateRecord> added)
    {
        added = [];
        foreach ((ushort known, byte[] its) in _pieces)
        {
            if (!text.IsEmpty && text.SequenceEqual(TextOf(its)))
            {
                return known;
            }
        }

        ushort route = 1;
        while (_pieces.ContainsKey(route))
        {
            route++;
        }

        if (_pieces.Count >= RoutesMax)
        {
            return null;
        }

        byte[] pieces = new byte[(text.Length / PieceBytes * PieceBytes) + PieceBytes];
        pieces[0] = (byte)text.Length;
        text.CopyTo(pieces.AsSpan(1));
        _pieces.Add(route, pieces);
        added = [.. RecordsOf(route)];
        return route;
    }

    /// <summary>Forgets the texts that are not used.</summary>
    public void Keep(IReadOnlySet<ushort> used)
    {
        foreach (ushort route in _pieces.Keys.Where(one => !used.Contains(one)).ToArray())
        {
            _pieces.Remove(route);
        }
    }

    /// <summary>Whether a record may be a piece of a text.</summary>
    internal static bool IsPossible(StateRecord record) =>
        record.Number >> PieceBits is > Usual and <= RoutesMax
        && (record.Number & byte.MaxValue) <= TextBytesMax / PieceBytes;

    /// <summary>Adds a piece.</summary>
    internal void Apply(StateRecord record)
    {
        ushort route = (ushort)(record.Number >> PieceBits);
        int at = (int)(record.Number & byte.MaxValue) * PieceBytes;
        byte[] pieces = _pieces.GetValueOrDefault(route) ?? [];
        if (pieces.Length < at + PieceBytes)
        {
            Array.Resize(ref pieces, at + PieceBytes);
        }

        BinaryPrimitives.WriteInt64LittleEndian(pieces.AsSpan(at), record.Value);
        _pieces[route] = pieces;
    }

    /// <summary>The text in the pieces; empty if it is damaged.</summary>
    private static ReadOnlySpan<byte> TextOf(byte[] pieces)
    {
        int length = pieces[0];
        ReadOnlySpan<byte> text = pieces.Length > length ? pieces.AsSpan(1, length) : [];
        return text.Contains((byte)0) ? [] : text;
    }

    private IEnumerable<StateRecord> RecordsOf(ushort route)
    {
        byte[] pieces = _pieces[route];
        for (int at = 0; at < pieces.Length; at += PieceBytes)
        {
            yield return new StateRecord(
                StateKind.RouteText,
                ((ulong)route << PieceBits) | (uint)(at / PieceBytes),
                BinaryPrimitives.ReadInt64LittleEndian(pieces.AsSpan(at)));
        }
    }
}
