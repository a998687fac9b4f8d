using System.Buffers;

namespace Kopis.Mail.Smtp;

/// <summary>Converts message data to the stored form: doubled dots are removed, and CRLF becomes
/// LF. Pieces may begin and end anywhere. Only CRLF ends a line, and only CRLF . CRLF ends the
/// message. A CR or LF that stands alone is refused, since later servers may take it for a line end
/// and what follows for commands (RFC 5321 §2.3.8; hostile-input class "smuggling"). qmail-smtpd
/// refuses the LF but keeps the CR: see DIFFERENCES.</summary>
public sealed class SmtpDataDecoder
{
    private static readonly SearchValues<byte> LineEnd = SearchValues.Create("\r\n"u8);
    private State _state = State.LineStart;

    private enum State
    {
        LineStart,
        Middle,
        CarriageReturn,
        Dot,
        DotCarriageReturn,
    }

    /// <summary>Decodes the input up to the end of the message.</summary>
    /// <param name="input">The data as received.</param>
    /// <param name="to">The output, which gets at most as many bytes as were consumed.</param>
    /// <param name="consumed">How many bytes of the input belong to this message.</param>
    public SmtpDataStatus Decode(
        ReadOnlySpan<byte> input, IBufferWriter<byte> to, out int consumed)
    {
        int at = 0;
        while (at < input.Length)
        {
            if (_state is State.Middle)
            {
                int run = input[at..].IndexOfAny(LineEnd);
                run = run < 0 ? input.Length - at : run;
                to.Write(input.Slice(at, run));
                at += run;
                if (at == input.Length)
                {
                    break;
                }
            }

            SmtpDataStatus status = Decode(input[at++], to);
            if (status != SmtpDataStatus.More)
            {
                consumed = at;
                return status;
            }
        }

        consumed = at;
        return SmtpDataStatus.More;
    }

    private SmtpDataStatus Decode(byte b, IBufferWriter<byte> to)
    {
        switch (_state, b)
        {
            case (State.CarriageReturn, (byte)'\n'):
                to.Write("\n"u8);
                _state = State.LineStart;
                return SmtpDataStatus.More;
            case (State.DotCarriageReturn, (byte)'\n'):
                _state = State.LineStart;
                return SmtpDataStatus.End;
            case (State.CarriageReturn or State.DotCarriageReturn, _):
            case (_, (byte)'\n'):
                return SmtpDataStatus.StrayLineEnd;
            case (State.Dot, (byte)'\r'):
                _state = State.DotCarriageReturn;
                return SmtpDataStatus.More;
            case (_, (byte)'\r'):
                _state = State.CarriageReturn;
                return SmtpDataStatus.More;
            case (State.LineStart, (byte)'.'):
                _state = State.Dot;
                return SmtpDataStatus.More;
            default:
                to.Write([b]);
                _state = State.Middle;
                return SmtpDataStatus.More;
        }
    }
}
