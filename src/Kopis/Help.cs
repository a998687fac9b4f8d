using Kopis.Base;

namespace Kopis;

/// <summary>What <c>kopis</c> says when it is called by its own name.</summary>
internal static class Help
{
    internal static int Print(string name, List<byte[]> rest)
    {
        bool version = name is "--version" or "-V";
        bool asked = version || name is "--help" or "-h" or "help"
            || (name == "kopis" && rest.Count == 0);
        if (version)
        {
            Console.Out.WriteLine($"kopis {BuildVersion.Text}");
            return ExitCode.Success;
        }

        TextWriter to = asked ? Console.Out : Console.Error;
        if (!asked)
        {
            to.WriteLine($"kopis: no such program: {LogText.Safe(ByteText.ToBytes(name))}");
        }

        to.WriteLine("usage: kopis PROGRAM [ARGUMENT]...");
        to.WriteLine();
        foreach (ProgramEntry program in ProgramTable.All)
        {
            to.WriteLine($"  {program.Name,-16} {program.Summary}");
        }

        return asked ? ExitCode.Success : ExitCode.Permanent;
    }
}
