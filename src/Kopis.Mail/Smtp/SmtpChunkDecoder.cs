using System.Buffers;

namespace Kopis.Mail.Smtp;

/// <summary>Converts the text of BDAT chunks to the stored form: CRLF becomes LF, across chunks and
/// pieces of any size. There are no dots to remove. A CR or LF that stands alone is refused as in
/// DATA: stored messages have one kind of line end, and a host to which we pass the message could
/// take what follows another for commands (hostile-input class "smuggling").</summary>
public sealed class SmtpChunkDecoder
{
    private static readonly SearchValues<byte> LineEnd = SearchValues.Create("\r\n"u8);
    private bool _afterReturn;

    /// <summary>Whether the data so far ends in half a line end.</summary>
    public bool IsInLineEnd => _afterReturn;

    /// <summary>Decodes a whole piece.</summary>
    /// <param name="input">The data as received.</param>
    /// <param name="to">The output, which gets at most as many bytes.</param>
    /// <returns>False if a CR or LF stands alone.</returns>
    public bool TryDecode(ReadOnlySpan<byte> input, IBufferWriter<byte> to)
    {
        while (!input.IsEmpty)
        {
            if (_afterReturn)
            {
                if (input[0] != (byte)'\n')
                {
                    return false;
                }

                to.Write("\n"u8);
                _afterReturn = false;
                input = input[1..];
                continue;
            }

            int run = input.IndexOfAny(LineEnd);
            to.Write(run < 0 ? input : input[..run]);
            if (run < 0)
            {
                return true;
            }

            if (input[run] == (byte)'\n')
            {
                return false;
            }

            _afterReturn = true;
            input = input[(run + 1)..];
        }

        return true;
    }
}
