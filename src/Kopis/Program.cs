using System.Text;
using Kopis;
using Kopis.Base;
using Kopis.Host.Accounts;
using Kopis.Posix;

Descriptors.HoldStandard();

// The runtime's own argv and environment replace bytes that are not UTF-8; the kernel's do not.
byte[] commandLine = File.ReadAllBytes("/proc/self/cmdline");
List<byte[]> words = SplitAtNul(commandLine);
string name = Path.GetFileName(ByteText.ToText(words.Count > 0 ? words[0] : "kopis"u8));
words = words.Count > 0 ? words[1..] : words;
ProgramEntry? program = ProgramTable.Find(name);
Processes.SetName(name); // Some are started as /proc/self/exe.
if (program is null && words is [var word, ..] && ByteText.ToText(word) == OwnerWork.Word)
{
    program = new ProgramEntry(name, OwnerPieces.Run, "the owner of a directory", "");
    words = words[1..];
}
else if (program is null && words.Count > 0)
{
    name = ByteText.ToText(words[0]);
    program = ProgramTable.Find(name);
    words = words[1..];
}

if (name == "--programs")
{
    // For ./build and ./install: one name a line.
    Console.Out.WriteLine(string.Join('\n', ProgramTable.Names));
    return ExitCode.Success;
}

if (program is null)
{
    return Help.Print(name, words);
}

ByteEnvironment environment = ByteEnvironment.Parse(File.ReadAllBytes("/proc/self/environ"));
bool isService = name is "tcpserver" or "qmail-start" or "run"
    || environment[Lifeline.Variable] is not null;
ErrorLog.Watch(name, isService);
ProgramContext context = new(name, words, environment, FindHome(environment));
try
{
    return program.Run(context);
}
catch (ConfigurationException e)
{
    return Complaint.Print(name, e);
}
catch (PosixException e) when (e.IsOutputClosed)
{
    return Complaint.EndByPipe();
}

static List<byte[]> SplitAtNul(ReadOnlySpan<byte> block)
{
    List<byte[]> parts = [];
    while (!block.IsEmpty)
    {
        int end = block.IndexOf((byte)0);
        parts.Add((end < 0 ? block : block[..end]).ToArray());
        block = end < 0 ? [] : block[(end + 1)..];
    }

    return parts;
}

static string FindHome(ByteEnvironment environment)
{
    if (environment["KOPIS_HOME"] is { Length: > 0 } home)
    {
        return Path.GetFullPath(Encoding.UTF8.GetString(home));
    }

    // As it was called; then as it lies there, for links such as /usr/sbin/sendmail.
    string called = Path.GetFullPath(Processes.ExecutedPath ?? "/");
    return HomeAbove(called) ?? HomeAbove(Environment.ProcessPath ?? "/") ?? "/var/qmail";
}

static string? HomeAbove(string program)
{
    string? above = Path.GetDirectoryName(Path.GetDirectoryName(program));
    return above is not null && Directory.Exists(Path.Combine(above, "control")) ? above : null;
}
