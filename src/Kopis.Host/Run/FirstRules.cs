using Kopis.Base;
using Kopis.Config;
using Kopis.Net.Listener;

namespace Kopis.Host.Run;

/// <summary>The rules of tcpserver that a new home gets: relaying for the host itself.</summary>
public static class FirstRules
{
    /// <summary>The control file of the rules as people write them.</summary>
    public const string Name = "tcprules.txt";

    /// <summary>The control file of the rules as tcpserver reads them.</summary>
    public const string CompiledName = "tcprules.dat";

    /// <summary>What is in it at first.</summary>
    public const string Text = """
        # Who may relay through this host: see tcprules(8). After a change:
        #   bin/tcprules control/tcprules.dat control/tcprules.tmp < control/tcprules.txt
        127.0.0.1:allow,RELAYCLIENT=""
        ::1:allow,RELAYCLIENT=""
        :allow

        """;

    /// <summary>Compiles the rules where they never were.</summary>
    /// <exception cref="ConfigurationException">There is a line that is none.</exception>
    public static void CompileOnce(ControlDirectory control)
    {
        string compiled = Path.Combine(control.Directory, CompiledName);
        if (File.Exists(compiled))
        {
            return;
        }

        TcpRulesCompiler compiler = new();
        ReadOnlySpan<byte> text = control.ReadWhole(Name)
            ?? throw control.Bad(Name, "missing");
        foreach (Range line in text.Split((byte)'\n'))
        {
            if (!compiler.TryAdd(text[line]))
            {
                throw control.Bad(
                    Name, $"unable to parse this line: {LogText.Safe(text[line])}");
            }
        }

        File.WriteAllBytes(compiled + ".tmp", compiler.ToArray());
        File.Move(compiled + ".tmp", compiled);
    }
}
