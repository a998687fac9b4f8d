using Kopis.Base;

namespace Kopis.Queue.Intake;

/// <summary>Chooses the way into the queue that a program's environment asks for.</summary>
public static class IntakeClients
{
    /// <summary>The program that QMAILQUEUE names, or the queue writer (contract §0).</summary>
    public static IIntakeClient For(ProgramContext context) =>
        For(context, new IntakePool(context.Home));

    /// <summary>The same with a pool that many sessions share.</summary>
    public static IIntakeClient For(ProgramContext context, IntakePool pool) =>
        context.Environment.Text("QMAILQUEUE") is { Length: > 0 } program
            ? new QueueProgram(program, context.Environment, context.Home)
            : pool;
}
