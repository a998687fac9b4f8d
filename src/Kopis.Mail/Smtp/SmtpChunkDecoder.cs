using System.Buffers;

namespace Kopis.Mail.Smtp;

/// <summary>
/// The text of BDAT chunks to the form it is stored in: CRLF to LF, across chunks and pieces cut
/// anywhere. There are no dots to undo. A CR or LF that stands alone is refused as in DATA: what
/// we store has one kind of line end, and a host that we pass it on to may read commands after
/// another (hostile-input class "smuggling").
/// </summary>
public sealed class SmtpChunkDecoder
{
    private static readonly SearchValues<byte> LineEnd = SearchValues.Create("\r\n"u8);
    private bool _afterReturn;

    /// <summary>Whether the data so far ends in half a line end.</summary>
    public bool IsInLineEnd => _afterReturn;

    /// <summary>Decodes all of a piece.</summary>
    /// <param name="input">Data as received.</param>
    /// <param name="to">Gets no more bytes than came.</param>
    /// <returns>False at a CR or LF that stands alone.</returns>
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
