using System.Buffers;
using System.Globalization;

namespace Kopis.Mail.Pop3;

/// <summary>The part of qmail-pop3d in a POP3 session (contract §10.3): it reads lines and makes
/// replies. No I/O, no clock. Long output (a message, a listing) is only described here; the caller
/// sends it at the client's pace. The caller also does what touches the disk.</summary>
public sealed class Pop3Session
{
    private const int ListLineBytesMax = 48; // Two numbers, a space and CRLF; a name comes on top.

    private readonly IPop3Maildrop _drop;
    private readonly long _totalBytes;
    private readonly bool[] _deleted;
    private long _deletedBytes;
    private int _highestDeleted;
    private int _nextListed;
    private bool _listsNames;

    /// <summary>A session on a mailbox.</summary>
    public Pop3Session(IPop3Maildrop drop)
    {
        _drop = drop;
        _deleted = new bool[drop.Count];
        for (int i = 0; i < drop.Count; i++)
        {
            _totalBytes += drop.SizeOf(i);
        }
    }

    /// <summary>What to send after <see cref="Pop3Step.SendMessage"/>.</summary>
    public Pop3Message Message { get; private set; }

    /// <summary>Whether the client has deleted the message.</summary>
    public bool IsDeleted(int index) => _deleted[index];

    /// <summary>Reads one line, without its line end.</summary>
    public Pop3Step OnLine(ReadOnlySpan<byte> line, IBufferWriter<byte> reply)
    {
        Pop3Command command = Pop3Command.Parse(line);
        switch (command.Verb)
        {
            case Pop3Verb.Retr or Pop3Verb.Top:
                return Retrieve(command.Argument, reply);
            case Pop3Verb.Dele:
                return Delete(command.Argument, reply);
            case Pop3Verb.List:
                return List(command.Argument, names: false, reply);
            case Pop3Verb.Uidl:
                return List(command.Argument, names: true, reply);
            case Pop3Verb.Stat:
                return Stat(reply);
            case Pop3Verb.Rset:
                Array.Clear(_deleted);
                _deletedBytes = 0;
                _highestDeleted = 0;
                return Say(reply, Pop3Reply.Ok);
            case Pop3Verb.Last:
                reply.Write("+OK "u8);
                WriteNumber(reply, _highestDeleted);
                return Say(reply, "\r\n"u8);
            case Pop3Verb.Noop:
                return Say(reply, Pop3Reply.Ok);
            case Pop3Verb.Capa:
                Pop3Capabilities.WriteAfterLogin(reply);
                return Pop3Step.NextLine;
            case Pop3Verb.Quit:
                return Pop3Step.Quit;
            default:
                return Say(reply, Pop3Reply.Unimplemented);
        }
    }

    /// <summary>Writes some of the listing.</summary>
    /// <param name="to">Where to.</param>
    /// <param name="bytes">The approximate limit of bytes.</param>
    /// <returns>False when the listing is complete.</returns>
    public bool WriteListing(IBufferWriter<byte> to, int bytes)
    {
        for (; _nextListed < _drop.Count; _nextListed++)
        {
            if (bytes <= 0)
            {
                return true;
            }

            if (!_deleted[_nextListed])
            {
                WriteListLine(to, _nextListed, _listsNames);
                bytes -= ListLineBytesMax
                    + (_listsNames ? _drop.UniqueIdOf(_nextListed).Length : 0);
            }
        }

        to.Write(Pop3Reply.EndOfList);
        return false;
    }

    private Pop3Step Retrieve(ReadOnlySpan<byte> argument, IBufferWriter<byte> reply)
    {
        if (!TryFindMessage(ref argument, reply, out int index))
        {
            return Pop3Step.NextLine;
        }

        argument = argument.TrimStart((byte)' ');
        bool top = Pop3Command.TryReadNumber(ref argument, out long lines);
        Message = new Pop3Message(index, top ? lines : null);
        return Pop3Step.SendMessage;
    }

    private Pop3Step Delete(ReadOnlySpan<byte> argument, IBufferWriter<byte> reply)
    {
        if (!TryFindMessage(ref argument, reply, out int index))
        {
            return Pop3Step.NextLine;
        }

        _deleted[index] = true;
        _deletedBytes += _drop.SizeOf(index);
        _highestDeleted = Math.Max(_highestDeleted, index + 1);
        return Say(reply, Pop3Reply.Ok);
    }

    private Pop3Step List(ReadOnlySpan<byte> argument, bool names, IBufferWriter<byte> reply)
    {
        if (argument.IsEmpty)
        {
            _nextListed = 0;
            _listsNames = names;
            reply.Write(Pop3Reply.Ok);
            return Pop3Step.SendListing;
        }

        if (TryFindMessage(ref argument, reply, out int index))
        {
            reply.Write("+OK "u8);
            WriteListLine(reply, index, names);
        }

        return Pop3Step.NextLine;
    }

    private Pop3Step Stat(IBufferWriter<byte> reply)
    {
        // The count includes deleted messages (contract §13, 25).
        reply.Write("+OK "u8);
        WriteNumber(reply, _drop.Count);
        reply.Write(" "u8);
        WriteNumber(reply, _totalBytes - _deletedBytes);
        return Say(reply, "\r\n"u8);
    }

    private bool TryFindMessage(
        ref ReadOnlySpan<byte> argument, IBufferWriter<byte> reply, out int index)
    {
        ReadOnlySpan<byte> error =
            !Pop3Command.TryReadNumber(ref argument, out long number) ? Pop3Reply.SyntaxError
            : number == 0 ? Pop3Reply.NoZero
            : number > _drop.Count ? Pop3Reply.TooBig
            : _deleted[number - 1] ? Pop3Reply.Deleted
            : [];
        index = (int)Math.Min(number - 1, int.MaxValue);
        reply.Write(error);
        return error.IsEmpty;
    }

    private void WriteListLine(IBufferWriter<byte> to, int index, bool names)
    {
        WriteNumber(to, index + 1);
        to.Write(" "u8);
        if (names)
        {
            WriteName(to, _drop.UniqueIdOf(index));
        }
        else
        {
            WriteNumber(to, _drop.SizeOf(index));
        }

        to.Write("\r\n"u8);
    }

    // RFC 1939 §7: characters from 0x21 to 0x7E. A file name may hold any other, even a line end.
    private static void WriteName(IBufferWriter<byte> to, ReadOnlySpan<byte> name)
    {
        Span<byte> span = to.GetSpan(Math.Max(1, name.Length));
        for (int i = 0; i < name.Length; i++)
        {
            span[i] = name[i] is >= 0x21 and <= 0x7E ? name[i] : (byte)'_';
        }

        to.Advance(name.Length);
    }

    private static void WriteNumber(IBufferWriter<byte> to, long number)
    {
        const int digitsMax = 20;
        number.TryFormat(
            to.GetSpan(digitsMax), out int written, default, CultureInfo.InvariantCulture);
        to.Advance(written);
    }

    private static Pop3Step Say(IBufferWriter<byte> reply, ReadOnlySpan<byte> text)
    {
        reply.Write(text);
        return Pop3Step.NextLine;
    }
}
