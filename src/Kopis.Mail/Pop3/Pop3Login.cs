using System.Buffers;
using System.Text.Unicode;
using Kopis.Mail.Sasl;

namespace Kopis.Mail.Pop3;

/// <summary>The part of qmail-popup in a POP3 session, up to the login (contract §10.1): it reads
/// lines and makes replies. No I/O, no clock. In addition to qmail's commands it supports CAPA,
/// AUTH and UTF8 (RFC 2449, 5034, 6856). Otherwise, clients that see the stamp in the greeting
/// would try APOP, for which few secrets are kept.</summary>
/// <param name="stamp">The greeting's <c>&lt;PID.UNIXTIME@HOST&gt;</c>.</param>
/// <param name="offer">The features that the connection offers.</param>
public sealed class Pop3Login(byte[] stamp, Pop3Offer offer)
{
    private byte[]? _user;
    private SaslExchange? _exchange;
    private SaslQuestion? _question;
    private bool _isUtf8;
    private int _lines;

    /// <summary>The longest line that may come next, without its end.</summary>
    public int LineBytesMax =>
        _exchange is null ? Pop3Limits.LineBytesMax : SaslExchange.LineBytesMax;

    /// <summary>Whether the client has asked for our capabilities, and therefore supports response
    /// codes (RFC 2449 §8). Other clients get only qmail's words.</summary>
    public bool KnowsCodes { get; private set; }

    /// <summary>The question to answer after <see cref="Pop3LoginStep.Check"/>.</summary>
    public SaslQuestion Question =>
        _question ?? throw new InvalidOperationException("There is nothing to check.");

    /// <summary>The account, after <see cref="Pop3LoginStep.Accepted"/>.</summary>
    public string Account { get; private set; } = "";

    /// <summary>The first reply.</summary>
    public void Greet(IBufferWriter<byte> reply)
    {
        reply.Write("+OK "u8);
        reply.Write(stamp);
        reply.Write("\r\n"u8);
    }

    /// <summary>Reads one line, without its line end.</summary>
    public Pop3LoginStep OnLine(ReadOnlySpan<byte> line, IBufferWriter<byte> reply)
    {
        Pop3LoginStep step = _exchange is null
            ? Command(line, reply)
            : Advance(_exchange.OnLine(line), reply);
        return step == Pop3LoginStep.NextLine && ++_lines >= Pop3Limits.LinesBeforeLoginMax
            ? Pop3LoginStep.Close
            : step;
    }

    /// <summary>Handles a line that was too long to keep.</summary>
    public Pop3LoginStep OnLineTooLong(IBufferWriter<byte> reply)
    {
        _exchange = null;
        return Say(reply, Pop3Reply.SyntaxError);
    }

    /// <summary>Receives the answer to the question, whose secret is overwritten.</summary>
    public Pop3LoginStep OnAnswer(SaslAnswer answer, IBufferWriter<byte> reply)
    {
        if (_exchange is not null)
        {
            return Advance(_exchange.OnAnswer(answer), reply);
        }

        Question.Forget();
        Account = answer.Account;
        return EndOf(answer.Step);
    }

    /// <summary>The bytes for checkpassword's descriptor 3 (contract §10.1): the name, the secret
    /// and the greeting's stamp, each ended by NUL. The question's own secret is overwritten.
    /// </summary>
    public byte[] DetachFields()
    {
        byte[] fields = PasswordFields.Format(Question.Name, Question.Secret, stamp);
        Question.Forget();
        return fields;
    }

    private Pop3LoginStep Command(ReadOnlySpan<byte> line, IBufferWriter<byte> reply)
    {
        // A NUL would end a field of checkpassword's descriptor early.
        if (line.Contains((byte)0) || (_isUtf8 && !Utf8.IsValid(line)))
        {
            return Say(reply, Pop3Reply.SyntaxError);
        }

        Pop3Command command = Pop3Command.Parse(line);
        switch (command.Verb)
        {
            case Pop3Verb.User or Pop3Verb.Pass when !offer.Passwords:
                return Say(reply, Pop3Reply.TlsFirst);
            case Pop3Verb.User:
                return User(command.Argument, reply);
            case Pop3Verb.Pass:
                return _user is null ? Say(reply, Pop3Reply.UserFirst)
                    : command.Argument.IsEmpty ? Say(reply, Pop3Reply.SyntaxError)
                    : Check(SaslQuestionKind.Password, _user, command.Argument);
            case Pop3Verb.Apop:
                return Apop(command.Argument, reply);
            case Pop3Verb.Auth:
                return Auth(command.Argument, reply);
            case Pop3Verb.Capa:
                KnowsCodes = true;
                Pop3Capabilities.Write(reply, offer);
                return Pop3LoginStep.NextLine;
            case Pop3Verb.Utf8:
                _isUtf8 |= command.Argument.IsEmpty;
                return Say(
                    reply, command.Argument.IsEmpty ? Pop3Reply.Ok : Pop3Reply.SyntaxError);
            case Pop3Verb.Stls when offer.Tls && !_isUtf8: // RFC 6856 §2.1: not after UTF8.
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
            : Check(
                SaslQuestionKind.Digest, argument[..space].ToArray(), argument[(space + 1)..]);
    }

    private Pop3LoginStep Auth(ReadOnlySpan<byte> argument, IBufferWriter<byte> reply)
    {
        if (argument.IsEmpty)
        {
            return Say(reply, Pop3Reply.AuthorizationFirst);
        }

        int space = argument.IndexOf((byte)' ');
        _exchange = offer.Sasl.Begin(space < 0 ? argument : argument[..space]);
        return _exchange is null
            ? Say(reply, offer.Passwords ? Pop3Reply.Unimplemented : Pop3Reply.TlsFirst)
            : Advance(
                _exchange.Begin(space < 0 ? [] : argument[space..].Trim((byte)' ')), reply);
    }

    private Pop3LoginStep Advance(SaslStep step, IBufferWriter<byte> reply)
    {
        switch (step)
        {
            case SaslStep.Challenge:
                _exchange!.WriteChallenge("+ "u8, reply);
                return Pop3LoginStep.NextLine;
            case SaslStep.Ask:
                _question = _exchange!.Question;
                return Pop3LoginStep.Check;
            case SaslStep.Cancelled:
                _exchange = null;
                return Say(reply, Pop3Reply.Cancelled);
            case SaslStep.Malformed:
                _exchange = null;
                return Say(reply, Pop3Reply.SyntaxError);
            default:
                Account = _exchange!.Account;
                return EndOf(step);
        }
    }

    private Pop3LoginStep Check(
        SaslQuestionKind kind, byte[] name, ReadOnlySpan<byte> secret)
    {
        byte[] covered = kind == SaslQuestionKind.Digest ? stamp : [];
        _question = new SaslQuestion(kind, name, secret.ToArray(), covered);
        return Pop3LoginStep.Check;
    }

    private static Pop3LoginStep EndOf(SaslStep step) =>
        step == SaslStep.Done ? Pop3LoginStep.Accepted
        : step == SaslStep.Later ? Pop3LoginStep.Later
        : Pop3LoginStep.Refused;

    private static Pop3LoginStep Say(IBufferWriter<byte> reply, ReadOnlySpan<byte> text)
    {
        reply.Write(text);
        return Pop3LoginStep.NextLine;
    }
}
