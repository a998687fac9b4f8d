using System.Globalization;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Tools.Network;

/// <summary><c>recordio PROGRAM</c> and <c>fixcrio PROGRAM</c>: stand between a program and its
/// network (contract §12.4). This process becomes the program, so that the caller sees its process
/// id, its signals and its exit code. A child copies data until the program's output ends.
/// </summary>
public static class Interposed
{
    private const string RelayOption = "--relay"; // The program's process id follows.

    /// <summary><c>recordio</c>: copies all traffic to standard error too.</summary>
    public static int Recordio(ProgramContext context) => Run(context, program =>
        new Relay(
            new PacketRecord(program, "<"u8.ToArray()).Write,
            new PacketRecord(program, ">"u8.ToArray()).Write));

    /// <summary><c>fixcrio</c>: puts a CR before each LF that has none, in both directions.
    /// </summary>
    public static int Fixcrio(ProgramContext context) =>
        Run(context, _ => new Relay(LineEnds.Fix(), LineEnds.Fix()));

    private static int Run(ProgramContext context, Func<string, Relay> make)
    {
        if (context.Arguments.Count == 2 && context.ArgumentText(0) == RelayOption)
        {
            return make(context.ArgumentText(1)!).Run();
        }

        context.RequireArguments(1, "program [ arg ... ]");
        try
        {
            StartRelay(context);
        }
        catch (PosixException e)
        {
            throw new ConfigurationException($"unable to fork: {e.Reason}", e);
        }

        Successor.Run(context.Environment, context.Arguments);
        return ExitCode.Temporary;
    }

    private static void StartRelay(ProgramContext context)
    {
        (int programInput, int toProgram) = Fd.Pipe();
        (int fromProgram, int programOutput) = Fd.Pipe();
        string number = Processes.Id.ToString(CultureInfo.InvariantCulture);
        new ProcessStart
        {
            Path = "/proc/self/exe",
            Arguments =
            [
                ByteText.ToBytes(context.Name), ByteText.ToBytes(RelayOption),
                ByteText.ToBytes(number),
            ],
            Environment = context.Environment,
            Descriptors = new Dictionary<int, int>
            {
                [0] = 0,
                [1] = 1,
                [2] = 2,
                [Relay.ToProgram] = toProgram,
                [Relay.FromProgram] = fromProgram,
            },
        }.Start();

        // Exec closes our copies of these; the relay has its own.
        Descriptors.Place((programInput, 0), (programOutput, 1));
    }
}
