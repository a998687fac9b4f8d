// The bench's load and sink, which leave the processors to the servers: one thread each.
//
// load send [-d] [-s SESSIONS] [-m MESSAGES] [-l BYTES] [-f SENDER] ADDRESS:PORT RECIPIENT…
//     Options are smtp-source's, and so is a session: HELO, one command at a time, QUIT and its
//     reply; -d keeps a connection for all messages of a session. Messages are for the recipients
//     in turn. Prints "accepted N seconds S p50 … p99 … max …", times in milliseconds from a
//     message's first byte to its 250. A refusal is an error.
// load sink MILLISECONDS COUNTERS <LISTENER
//     Serves SMTP on the listening socket that is its standard input, with PIPELINING; each final
//     dot has its reply after so long. COUNTERS is a file of 40 bytes: see Counters. Prints "ready"
//     when it has that open.
// load keep MAIL COUNTERS <LISTENER
//     The same without delay, and each message is in MAIL/USER/new before its reply: see Keeper.
using System.Globalization;
using System.Net;
using Load;

const string usage = "usage: load send [-d] [-s SESSIONS] [-m MESSAGES] [-l BYTES] [-f SENDER] "
    + "ADDRESS:PORT RECIPIENT… | load sink MILLISECONDS COUNTERS | load keep MAIL COUNTERS";
const int standardInput = 0;

try
{
    switch (args)
    {
        case ["send", .. string[] rest]:
            return Send(rest);
        case ["sink", string delay, string counters]:
            Serve(counters, TimeSpan.FromMilliseconds(Number(delay)), null);
            return 0;
        case ["keep", string mail, string counters]:
            Serve(counters, TimeSpan.Zero, new Keeper(mail));
            return 0;
        default:
            Console.Error.WriteLine(usage);
            return 2;
    }
}
catch (Exception e) when (e is IOException or FormatException or OverflowException)
{
    Console.Error.WriteLine($"load: {e.Message}");
    return 1;
}

static void Serve(string counters, TimeSpan delay, Keeper? keeper)
{
    using Counters counted = new(counters);
    Console.WriteLine("ready");
    new Sink(standardInput, counted, delay, keeper).Run();
}

static int Send(string[] rest)
{
    int sessions = 1;
    int messages = 1;
    int bytes = 4096;
    bool keeps = false;
    string sender = "sender@src.test";
    int at = 0;
    for (; at < rest.Length && rest[at] is ['-', _]; at++)
    {
        if (rest[at] == "-d")
        {
            keeps = true;
            continue;
        }

        string value = at + 1 < rest.Length ? rest[at + 1] : "";
        switch (rest[at++])
        {
            case "-s":
                sessions = Number(value);
                break;
            case "-m":
                messages = Number(value);
                break;
            case "-l":
                bytes = Number(value);
                break;
            case "-f":
                sender = value;
                break;
            default:
                Console.Error.WriteLine(usage);
                return 2;
        }
    }

    if (rest.Length - at < 2 || !IPEndPoint.TryParse(rest[at], out IPEndPoint? to))
    {
        Console.Error.WriteLine(usage);
        return 2;
    }

    Letter letter = new(sender, rest[(at + 1)..], bytes);
    Console.WriteLine(
        new Sender(to, letter, messages) { KeepsConnections = keeps }.Run(sessions));
    return 0;
}

static int Number(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
