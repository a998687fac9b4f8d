using System.Buffers;
using System.Globalization;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Send;

/// <summary>qmail-send's log lines, to the letter (contract §6.4), on fd 0.</summary>
internal sealed class SendLog(int fd)
{
    private readonly ArrayBufferWriter<byte> _lines = new(4096);

    /// <summary>A line of fixed words and numbers.</summary>
    internal void Line(FormattableString text)
    {
        Add(text);
        _lines.WriteByte((byte)'\n');
    }

    /// <summary>A line that ends in foreign bytes, made safe.</summary>
    internal void Line(FormattableString text, ReadOnlySpan<byte> foreign)
    {
        Add(text);
        LogText.AppendSafe(_lines, foreign);
        _lines.WriteByte((byte)'\n');
    }

    /// <summary><c>info msg N: bytes B from &lt;SENDER&gt; qp P uid U</c></summary>
    internal void Info(
        ulong number, long bytes, ReadOnlySpan<byte> sender, uint qp, uint uid)
    {
        Add($"info msg {number}: bytes {bytes} from <");
        LogText.AppendSafe(_lines, sender);
        Add($"> qp {qp} uid {uid}\n");
    }

    /// <summary><c>status: local L/LMAX remote R/RMAX</c></summary>
    internal void Status(
        int local, int localMax, int remote, int remoteMax, string exiting)
    {
        Add($"status: local {local}/{localMax} ");
        Add($"remote {remote}/{remoteMax}{exiting}\n");
    }

    /// <summary>Writes the lines of this turn. A logger that is gone does not stop mail.</summary>
    internal void Flush()
    {
        try
        {
            Fd.WriteAll(fd, _lines.WrittenSpan);
        }
        catch (PosixException)
        {
            // qmail-send goes on without a log, as qmail's did.
        }

        _lines.ResetWrittenCount();
    }

    private void Add(FormattableString text) =>
        _lines.Write(ByteText.ToBytes(text.ToString(CultureInfo.InvariantCulture)));
}
