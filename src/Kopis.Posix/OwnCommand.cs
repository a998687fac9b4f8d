using System.Text;
using Kopis.Base;

namespace Kopis.Posix;

/// <summary>Runs another command of kopis in a process of its own, for example one that becomes
/// another user.</summary>
public static class OwnCommand
{
    private const int TextBytesMax = 64 * 1024;

    /// <summary>Runs a command of kopis to its end, without input.</summary>
    /// <returns>Its exit code and its output, at most 64 KiB.</returns>
    public static (int Code, string Text) Run(ProgramContext context, params string[] words) =>
        RunWith(context, "kopis", [], words);

    /// <summary>Runs one of our programs with this input.</summary>
    public static (int Code, string Text) RunWith(
        ProgramContext context, string program, ReadOnlySpan<byte> input, params string[] words)
    {
        int from = UnnamedFile.InMemory("input");
        int to = UnnamedFile.InMemory("output");
        try
        {
            Fd.WriteAll(from, input);
            Fd.Seek(from, 0);
            ProcessStart start =
                ProcessStart.Own(context, program, [.. words.Select(ByteText.ToBytes)]) with
                {
                    Descriptors = ProcessStart.InOrder(from, to, to),
                };
            WaitStatus end = Processes.Wait(start.Start());
            byte[] text = new byte[TextBytesMax];
            int length = Fd.ReadAt(to, text, 0);
            return (
                end.Crashed ? ExitCode.Temporary : end.ExitCode,
                Encoding.UTF8.GetString(text, 0, length));
        }
        finally
        {
            Fd.Close(from);
            Fd.Close(to);
        }
    }
}
