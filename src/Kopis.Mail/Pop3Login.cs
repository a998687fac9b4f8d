using System.Buffers;
using System.Buffers.Text;
using Kopis.Base;

namespace Kopis.Mail;

/// <summary>
/// qmail-popup's side of a POP3 session, up to the login (contract §10.1): lines in, replies out.
/// No I/O, no clock. Beyond qmail's words it knows CAPA and AUTH PLAIN (RFC 2449, RFC 5034), since
/// clients that see the stamp in the greeting would else try APOP, which no hash can answer.
/// </summary>
/// <param name="stamp">The greeting's <c>&lt;PID.UNIXTIME@HOST&gt;</c>.</param>
/// <param name="offersTls">Whether STLS is offered (RFC 2595); never over TLS.</param>
public sealed class Pop3Login(byte[] stamp, bool offersTls)
{
    private byte[]? _user;
    private Pop3Credentials? _credentials;
    private bool _plainUnderWay;
    private int _lines;

    /// <summary>The stamp, which APOP's digest covers.</summary>
    public ReadOnlySpan<byte> Stamp => stamp;

    /// <summary>The first reply.</summary>
    public void Greet(IBufferWriter<byte> reply)
    {
        reply.Write("+OK "u8);
        reply.Write(stamp);
        reply.Write("\r\n"u8);
    }

    /// <summary>Takes one line, without its line end.</summary>
    public Pop3LoginStep OnLine(ReadOnlySpan<byte> line, IBufferWriter<byte> reply)
    {
        Pop3LoginStep step = _plainUnderWay ? Plain(line, reply) : Command(line, reply);
        return step == Pop3LoginStep.NextLine && ++_lines >= Pop3Limits.LinesBeforeLoginMax
            ? Pop3LoginStep.Close
            : step;
    }

    /// <summary>Takes a line that was too long to keep.</summary>
    public Pop3LoginStep OnLineTooLong(IBufferWriter<byte> reply)
    {
        _plainUnderWay = false;
        return Say(reply, Pop3Reply.SyntaxError);
    }

    /// <summary>What is to be checked after <see cref="Pop3LoginStep.Check"/>.</summary>
    public Pop3Credentials TakeCredentials()
    {
        Pop3Credentials taken =
            _credentials ?? throw new InvalidOperationException("There is nothing to check.");
        _credentials = null;
        return taken;
    }

    private Pop3LoginStep Command(ReadOnlySpan<byte> line, IBufferWriter<byte> reply)
    {
        // A NUL would end a field of checkpassword's descriptor early.
        if (line.Contains((byte)0))
        {
            return Say(reply, Pop3Reply.SyntaxError);
        }

        Pop3Command command = Pop3Command.Parse(line);
        switch (command.Verb)
        {
            case Pop3Verb.User:
                return User(command.Argument, reply);
            case Pop3Verb.Pass:
                return _user is null ? Say(reply, Pop3Reply.UserFirst)
                    : command.Argument.IsEmpty ? Say(reply, Pop3Reply.SyntaxError)
                    : Check(_user, command.Argument);
            case Pop3Verb.Apop:
                return Apop(command.Argument, reply);
            case Pop3Verb.Auth:
                return Auth(command.Argument, reply);
            case Pop3Verb.Capa:
                return Say(
                    reply,
                    offersTls ? Pop3Capabilities.ReplyWithTls : Pop3Capabilities.Reply);
            case Pop3Verb.Stls when offersTls:
                return command.Argument.IsEmpty
                    ? Pop3LoginStep.StartTls
                    : Say(reply, Pop3Reply.SyntaxError);
            case Pop3Verb.Noop:
                return Say(reply, Pop3Reply.Ok);
            case Pop3Verb.Quit:
                Say(reply, Pop3Reply.Ok);
                return Pop3LoginStep.Close;
            default:
                return Say(reply, Pop3Reply.AuthorizationFirst);
        }
    }

    private Pop3LoginStep User(ReadOnlySpan<byte> name, IBufferWriter<byte> reply)
    {
        if (name.IsEmpty)
        {
            return Say(reply, Pop3Reply.SyntaxError);
        }

        _user = name.ToArray();
        return Say(reply, Pop3Reply.Ok);
    }

    private Pop3LoginStep Apop(ReadOnlySpan<byte> argument, IBufferWriter<byte> reply)
    {
        int space = argument.IndexOf((byte)' ');
        return space < 0
            ? Say(reply, Pop3Reply.SyntaxError)
            : Check(argument[..space], argument[(space + 1)..]);
    }

    private Pop3LoginStep Auth(ReadOnlySpan<byte> argument, IBufferWriter<byte> reply)
    {
        int space = argument.IndexOf((byte)' ');
        ReadOnlySpan<byte> mechanism = space < 0 ? argument : argument[..space];
        if (!Ascii8.EqualsIgnoreCase(mechanism, "PLAIN"u8))
        {
            return Say(
                reply,
                argument.IsEmpty ? Pop3Reply.AuthorizationFirst : Pop3Reply.Unimplemented);
        }

        if (space >= 0)
        {
            return Plain(argument[space..].Trim((byte)' '), reply);
        }

        _plainUnderWay = true;
        return Say(reply, "+ \r\n"u8);
    }

    // RFC 4616: base64 of [authzid] NUL authcid NUL passwd. To act for another is not offered.
    private Pop3LoginStep Plain(ReadOnlySpan<byte> line, IBufferWriter<byte> reply)
    {
        _plainUnderWay = false;
        byte[] message = new byte[Base64.GetMaxDecodedFromUtf8Length(line.Length)];
        OperationStatus status =
            Base64.DecodeFromUtf8(line, message, out int used, out int length);
        ReadOnlySpan<byte> text = message.AsSpan(0, length);
        int first = text.IndexOf((byte)0);
        int second = first < 0 ? -1 : text[(first + 1)..].IndexOf((byte)0);
        if (status != OperationStatus.Done || used != line.Length || second <= 0)
        {
            return Say(reply, Pop3Reply.SyntaxError); // Also "*", by which a client gives up.
        }

        ReadOnlySpan<byte> other = text[..first];
        ReadOnlySpan<byte> name = text.Slice(first + 1, second);
        ReadOnlySpan<byte> secret = text[(first + second + 2)..];
        return secret.IsEmpty || secret.Contains((byte)0)
            || (!other.IsEmpty && !other.SequenceEqual(name))
            ? Say(reply, Pop3Reply.SyntaxError)
            : Check(name, secret);
    }

    private Pop3LoginStep Check(ReadOnlySpan<byte> name, ReadOnlySpan<byte> secret)
    {
        _credentials = new Pop3Credentials(name.ToArray(), secret.ToArray());
        return Pop3LoginStep.Check;
    }

    private static Pop3LoginStep Say(IBufferWriter<byte> reply, ReadOnlySpan<byte> text)
    {
        reply.Write(text);
        return Pop3LoginStep.NextLine;
    }
}
