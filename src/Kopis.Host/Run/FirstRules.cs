using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Net.Listener;

namespace Kopis.Host.Run;

/// <summary>The rules of tcpserver that a new home gets: only the host itself may relay.</summary>
public static class FirstRules
{
    /// <summary>The text of the new file.</summary>
    public const string Text = """
        # Who may relay through this host: see tcprules(8). After a change:
        #   bin/tcprules control/tcprules.dat control/tcprules.tmp < control/tcprules.txt
        127.0.0.1:allow,RELAYCLIENT=""
        ::1:allow,RELAYCLIENT=""
        :allow

        """;

    /// <summary>The faults in the rules as people write them, by line.</summary>
    /// <exception cref="ConfigurationException">The rules cannot be read.</exception>
    public static IReadOnlyList<string> Faults(ControlDirectory control)
    {
        List<string> faults = [];
        TcpRulesCompiler compiler = new();
        ReadOnlySpan<byte> text = control.ReadWhole(ListenerFiles.TcpRulesText);
        int number = 0;
        foreach (Range line in text.Split((byte)'\n'))
        {
            number++;
            if (!compiler.TryAdd(text[line]))
            {
                faults.Add($"{ListenerFiles.TcpRulesText}: line {number}: "
                    + $"unable to parse this line: {LogText.Safe(text[line])}");
            }
        }

        return faults;
    }

    /// <summary>Compiles the rules, if they were never compiled.</summary>
    /// <exception cref="ConfigurationException">A line is not a valid rule.</exception>
    public static void CompileOnce(ControlDirectory control)
    {
        string compiled = control.PathOf(ListenerFiles.TcpRulesDat);
        if (File.Exists(compiled))
        {
            return;
        }

        TcpRulesCompiler compiler = new();
        ReadOnlySpan<byte> text = control.ReadWhole(ListenerFiles.TcpRulesText)
            ?? throw control.Bad(ListenerFiles.TcpRulesText, "missing");
        foreach (Range line in text.Split((byte)'\n'))
        {
            if (!compiler.TryAdd(text[line]))
            {
                throw control.Bad(
                    ListenerFiles.TcpRulesText,
                    $"unable to parse this line: {LogText.Safe(text[line])}");
            }
        }

        File.WriteAllBytes(compiled + ".tmp", compiler.ToArray());
        File.Move(compiled + ".tmp", compiled);
    }
}
