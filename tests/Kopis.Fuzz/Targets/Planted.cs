namespace Kopis.Fuzz.Targets;

/// <summary>
/// A bug put here on purpose: a length that is believed. Random bytes do not get to it within any
/// smoke run, a fuzzer that sees branches does; if it is not found the fuzzing does not work.
/// </summary>
internal static class Planted
{
    internal static void Read(byte[] input)
    {
        if (input.Length > 4 && input[0] == 'K' && input[1] == 'O' && input[2] == 'P'
            && input[3] == ':')
        {
            int length = input[4] - '0';
            int sum = 0;
            for (int i = 0; i < length; i++)
            {
                sum += input[5 + i]; // The bug.
            }

            GC.KeepAlive(sum);
        }
    }
}
